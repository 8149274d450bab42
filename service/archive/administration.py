"""
The tables that are no counts: who may come in, and what was done by hand.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from service.archive.schema import Id, metadata

token = Table(
    "token",
    metadata,
    Column("id", Id, primary_key=True, comment="Number of the token."),
    Column("hash", Text, nullable=False, unique=True, comment="SHA-256 of it; nothing else."),
    Column("site", Text, nullable=False, comment="The site's id in the settings, or '*'."),
    Column("scope", Text, nullable=False, comment="read, write or admin."),
    Column("name", Text, comment="What it is for, as its maker said."),
    Column("created_ms", BigInteger, nullable=False, comment="When it was made, ms since 1970."),
    Column("expires_ms", BigInteger, comment="When it ends, ms since 1970; none: never."),
    comment="What programs and people show to be let in.",
)

session = Table(
    "session",
    metadata,
    Column("hash", Text, primary_key=True, comment="SHA-256 of what the cookie holds."),
    Column(
        "token_id",
        ForeignKey("token.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        comment="The token that was shown; the session ends with it.",
    ),
    Column("created_ms", BigInteger, nullable=False, comment="When it began, ms since 1970."),
    Column("seen_ms", BigInteger, nullable=False, comment="When it was last used, roughly."),
    comment="People who are signed in to the dashboard.",
    sqlite_with_rowid=False,
)

share_link = Table(
    "share_link",
    metadata,
    Column("id", Id, primary_key=True, comment="Number of the link."),
    Column("hash", Text, unique=True, comment="SHA-256 of its secret; none: open to everybody."),
    Column("site", Text, nullable=False, comment="The site's id in the settings."),
    Column("name", Text, nullable=False, comment="Whom it is for, as its maker said."),
    Column("created_ms", BigInteger, nullable=False, comment="When it was made, ms since 1970."),
    comment="Who may look at a site's dashboard without signing in.",
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, comment="Number of the entry."),
    Column("at_ms", BigInteger, nullable=False, comment="When, in ms since 1970."),
    Column("actor", Text, nullable=False, comment="Who, or which command."),
    Column("site", Text, nullable=False, comment="The site's id in the settings."),
    Column("action", Text, nullable=False, comment="What was done."),
    Column("detail", Text, nullable=False, comment="With what, as JSON."),
    comment="Everything that changed numbers other than by counting.",
)

correction = Table(
    "correction",
    metadata,
    Column("id", Id, primary_key=True, comment="Number of the correction."),
    Column("site_id", ForeignKey("site.id"), nullable=False, comment="The site."),
    Column("kind", Text, nullable=False, comment="merge, remove or baseline."),
    Column("at_ms", BigInteger, nullable=False, comment="When, in ms since 1970."),
    Column("actor", Text, nullable=False, comment="Who, or which command."),
    Column("why", Text, nullable=False, comment="The reason that was given."),
    Column("asked", Text, nullable=False, comment="What was asked for, as JSON."),
    Column("sums", Text, nullable=False, comment="What it changed of the site's numbers, as JSON."),
    Column("undone_ms", BigInteger, comment="When it was undone, in ms since 1970."),
    Column("undone_by", Text, comment="Who undid it."),
    Column("undone_why", Text, comment="The reason that was given for that."),
    Index(None, "site_id", "id"),
    comment="Changes of numbers that were counted, by hand.",
)

correction_change = Table(
    "correction_change",
    metadata,
    Column("correction_id", ForeignKey("correction.id"), comment="The correction."),
    Column("place", Integer, comment="Which part of it, from 0."),
    Column("rows", Text, nullable=False, comment="Signed rows of the other tables, as JSON."),
    PrimaryKeyConstraint("correction_id", "place"),
    comment="What a correction added to which row, so that it can be undone.",
)

correction_step = Table(
    "correction_step",
    metadata,
    Column("site_id", ForeignKey("site.id"), comment="The site."),
    Column("number", BigInteger, comment="Which step of the site it is, from 1."),
    Column("step", Text, nullable=False, comment="What Redis has to be told, as JSON."),
    PrimaryKeyConstraint("site_id", "number"),
    comment="Corrections as Redis applies them, one after the other.",
)

clock_mark = Table(
    "clock_mark",
    metadata,
    Column("id", Integer, primary_key=True, comment="Always 1."),
    Column("seen_ms", BigInteger, nullable=False, comment="The latest time that was believed."),
    comment="How late it was when snapshots were last taken.",
)

purged_site = Table(
    "purged_site",
    metadata,
    Column("site", Text, primary_key=True, comment="The id that it had in the settings."),
    Column("at_ms", BigInteger, nullable=False, comment="Hits until then are dropped."),
    comment="Sites whose numbers were given up, for journals that still hold hits of them.",
)
