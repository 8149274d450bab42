"""
Records survive what disks do to them: what is whole is found, what is not is told.
"""

from google_crc32c import value as crc32c
from hypothesis import given
from hypothesis import strategies as st

from service.counting.records import (
    HEADER,
    LARGEST_BODY,
    Damage,
    Record,
    RecordKind,
    encode,
    scan,
)

records = st.builds(
    Record,
    kind=st.sampled_from(RecordKind),
    site=st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True),
    seq=st.integers(0, 2**64 - 1),
    time_ms=st.integers(0, 2**64 - 1),
    hits=st.integers(0, 2**32 - 1),
    body=st.binary(max_size=200) | st.just(b"LJ" * 60),
)


def a_batch(seq: int, body: bytes = b"the hits of a batch") -> Record:
    return Record(RecordKind.BATCH, "s1", seq, 1_000 + seq, 3, body)


def found(data: bytes) -> list[Record | Damage]:
    return [what for _, what in scan(data)]


def damage_of(data: bytes) -> list[Damage]:
    return [what for what in found(data) if isinstance(what, Damage)]


def test_the_checksum_is_crc_32c() -> None:
    # The check value of the catalogue of CRCs, and the all-zero vector of RFC 3720.
    assert 0xE3069283 == crc32c(b"123456789")
    assert 0x8A9136AA == crc32c(bytes(32))


@given(st.lists(records, max_size=6))
def test_what_was_encoded_is_found_in_its_place(told: list[Record]) -> None:
    data = b"".join(map(encode, told))
    places = [sum(len(encode(before)) for before in told[:n]) for n in range(len(told))]

    assert list(zip(places, told, strict=True)) == list(scan(data))


@given(st.data())
def test_one_flipped_bit_costs_one_record(draw: st.DataObject) -> None:
    told = [a_batch(seq) for seq in (1, 2, 3)]
    raw = bytearray(b"".join(map(encode, told)))
    size = len(raw) // 3
    bit = draw.draw(st.integers(size * 8, 2 * size * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8

    assert [told[0], told[2]] == [what for what in found(bytes(raw)) if isinstance(what, Record)]
    damage = damage_of(bytes(raw))
    assert [(bytes(raw[size : 2 * size]), False)] == [(d.raw, d.is_tail) for d in damage]


@given(st.integers(0, len(a_batch(2).body) * 8 - 1))
def test_a_damaged_body_still_says_whose_it_was(bit: int) -> None:
    raw = bytearray(encode(a_batch(2)))
    raw[HEADER + bit // 8] ^= 1 << bit % 8

    assert [Damage(bytes(raw), "s1", 2, 3, 1_002, RecordKind.BATCH)] == found(bytes(raw))


@given(st.data())
def test_a_file_that_ends_in_a_record_ends_in_damage_that_is_its_tail(draw: st.DataObject) -> None:
    whole = encode(a_batch(1))
    data = whole + encode(a_batch(2))
    cut = draw.draw(st.integers(len(whole) + 1, len(data) - 1))

    first, last = found(data[:cut])
    assert a_batch(1) == first
    assert isinstance(last, Damage)
    assert (data[len(whole) : cut], True) == (last.raw, last.is_tail)


@given(st.binary(min_size=1, max_size=400) | st.just(b"LJ\x01\x01" * 70))
def test_garbage_between_records_hides_none(garbage: bytes) -> None:
    data = encode(a_batch(1)) + garbage + encode(a_batch(2))

    assert [a_batch(1), Damage(garbage), a_batch(2)] == found(data)


def test_a_header_behind_much_garbage_is_found_wherever_it_begins() -> None:
    for size in (65_535, 65_536, 65_537, 200_000):
        garbage = b"\0" * size

        assert [Damage(garbage), a_batch(2)] == found(garbage + encode(a_batch(2)))


def test_a_body_without_its_end_does_not_swallow_the_records_behind_it() -> None:
    torn = encode(a_batch(1, b"x" * 1_000))[:-900]

    assert [
        Damage(torn, "s1", 1, 3, 1_001, RecordKind.BATCH),
        a_batch(2),
    ] == found(torn + encode(a_batch(2)))


def test_a_header_that_claims_too_much_is_none() -> None:
    raw = encode(Record(RecordKind.BATCH, "s1", 1, 1, 1, bytes(LARGEST_BODY + 1)))

    assert [Damage(raw, is_tail=True)] == found(raw)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_scanned(data: bytes) -> None:
    assert data == b"".join(d.raw for d in damage_of(data))
