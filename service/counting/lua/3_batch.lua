-- A batch: what was read for it, what it will write ----------------------------------------------
--
-- Everything that the hits of a batch will ask for is read before the first of them is decided, one
-- command for each key. What a hit changes is changed in these tables, where the next hit finds it,
-- and goes to Redis once, at the end. So the cost of a batch follows the number of keys and of
-- fields that are touched, not the number of hits.
--
-- Redis is one thread and its senders are many, so they do what needs no knowledge of Redis: each
-- text of a batch stands in a list once, in the order in which it is asked for here, and items name
-- it by its place. Nothing below looks into a combination; it is a hit's values of all dimensions
-- but source and channel, which are its origin.
--
-- One MessagePack value, because the same bytes are what a journal keeps. It is
--   {format, limits, days, slots, names, ids, pages, titles, origins, combinations, items, marks}
--   limits      {flood per minute, double click ms, pages per day, pages in all, oldest site-day
--               that is kept, rules of dimensions, half-life of scores in ms or 0, 1 where pages
--               that are read together are noted}
--   days        {{label, first ms, first ms of the next day, label of the next day, place of the day
--               before, place of the next day, its visitors, their pages} ...}; a place is left
--               out where the batch has no such day
--   slots       numbers of ten-minute slots, each with both its neighbours, in order
--   names       names of batches
--   ids, pages, titles, combinations   texts; a title may have a TAB and a host behind it
--   marks       of each title's page and of the title itself, 6 characters of a digest each
--   origins     {{source TAB channel, whether that is the site itself} ...}
--   items       hits and filtered requests; their parts are numbered here. Those from NAME on are
--               left out where a hit has none of them, and so is any part that it has not:
local KIND, MS, DAY = 1, 2, 3
local REASON, FILTERED_NAME = 4, 5
local VISITOR, PAGE, PAIR, ORIGIN, COMBINATION, ID, SLOT, TITLE = 4, 5, 6, 7, 8, 9, 10, 11
local NAME, TRUSTED, VISITOR_BEFORE, PAIR_BEFORE, SECONDS = 12, 13, 14, 15, 16

local FILTERED, VIEW, EVENT, ENGAGEMENT = 0, 1, 2, 3
local FORMAT = 2

-- Keys of a record before those of its days, and of each day.
local SITE_KEYS, DAY_KEYS = 6, 3

-- A visitor's record: the minute and hits in it, its first pages; then each visit. Texts have their
-- lengths in front of them. A table would be packed by a general rule, which costs twice as much.
local RECORD = '<HI3Bc0'
local VISIT = '<i4i4i4BBHc0Hc0Bc0Bc0'

-- The character that stands for the first visit in what a visitor has viewed; a day has 50 at most.
local FIRST_VISIT = 33

-- Redis and Lua's libraries, under names that cost no look-up; a library cannot see them while it is
-- loaded, so they are taken by the first call.
local call, unpack_struct, pack_struct, find, match, format, sub, char, floor, max, min

-- Whole numbers that are written most, as text: making one takes longer than reading it from here.
local SHORT = {}
for n = 0, 999 do SHORT[n] = n .. '' end

-- Takes Redis and Lua's libraries, once in the life of this library.
--   Afterwards everything below may be called.
local function take_tools()
  if call then return end
  call, unpack_struct, pack_struct = redis.call, struct.unpack, struct.pack
  find, match, format = string.find, string.match, string.format
  sub, char = string.sub, string.char
  floor, max, min = math.floor, math.max, math.min
end

-- A whole number as text, as digits gives it, but faster.
--   number   at most 2^53
local function text_of(number)
  return SHORT[number] or format(number < 2147483648 and '%d' or '%.0f', number)
end

-- A day of a batch, with nothing read yet.
--   told  as the batch has it  keys  of the call  at  the place before the day's keys
--   records, seen and what changed are numbered as the visitors and pairs that were told.
local function open_day(told, keys, at)
  return {
    label = told[1], start = told[2], stop = told[3], next = told[4], before = told[5],
    after = told[6], visitors = told[7], pairs = told[8], salt_key = keys[at + 1],
    visitors_key = keys[at + 2], views_key = keys[at + 3], packed = false, seen = false,
    records = {}, changed_records = {}, changed_pairs = {}, views = 0, visits = 0, uniques = 0,
    new_pages = false, changed_pages = false, touched = false, prefixes = {}, trails = {}, together = false,
    has_visitors = false, has_views = false,
  }
end

-- The batch with its keys laid out, or nil and why it is none.
--   keys  of record  packed  its MessagePack
local function open_batch(keys, packed)
  local ok, told = pcall(cmsgpack.unpack, packed)
  if not ok or type(told) ~= 'table' or told[1] ~= FORMAT then
    return nil, 'the batch has another format'
  end
  local limits, days, slots, names = told[2], told[3], told[4], told[5]
  if #keys ~= SITE_KEYS + DAY_KEYS * #days + #slots + #names then
    return nil, 'the batch and its keys do not fit'
  end
  local batch = {
    state_key = keys[1], pages_key = keys[2], days_key = keys[3], online_key = keys[4],
    delta_key = keys[5], trending_key = keys[6], flood = limits[1], double_click = limits[2],
    pages_per_day = limits[3], pages_total = limits[4], oldest = limits[5], rules = limits[6], days = {}, slots = {},
    names = {}, ids = told[6], paths = told[7], titles = told[8], origins = told[9],
    combinations = told[10], items = told[11], marks = told[12], votes = {}, pages = {},
    moved = {}, page_rows = {}, add = {}, put = {}, half_life = limits[7] or 0,
    related = limits[8] == 1, trends = {}, landmark = false, rescale = false, online = {},
    offline = {}, views = 0, visits = 0, visitors = 0, events = 0, new_pages = 0,
    many_pages = false, full_views = LARGEST, full_visits = LARGEST, minutes = {},
  }
  local at = SITE_KEYS
  for i = 1, #days do
    batch.days[i] = open_day(days[i], keys, at)
    at = at + DAY_KEYS
  end
  for i = 1, #slots do batch.slots[i] = {key = keys[at + i], known = false, added = false} end
  at = at + #slots
  for i = 1, #names do batch.names[i] = call('EXISTS', keys[at + i]) == 1 end
  batch.name_keys = {unpack(keys, at + 1)}
  return batch
end

-- Reads everything that the hits of a batch will ask for, one command for each key.
--   What they ask only when a page is new, or a visit goes on over midnight, is read then.
local function read_all_ahead(batch)
  local paths, ids = batch.paths, batch.ids
  if #paths > 0 then batch.page_rows = call('HMGET', batch.pages_key, unpack(paths)) end
  for _, day in ipairs(batch.days) do
    if #day.visitors > 0 then
      day.packed = call('HMGET', day.visitors_key, unpack(day.visitors))
      day.seen = call('HMGET', day.views_key, unpack(day.pairs))
    end
  end
  if #ids == 0 then return end
  for _, slot in ipairs(batch.slots) do slot.known = call('SMISMEMBER', slot.key, unpack(ids)) end
end

-- A visitor's record from its packed text, {minute, hits, visit ...}, and the visitor's trail.
local function parse_record(text)
  local minute, hits, trail, at = unpack_struct(RECORD, text)
  local record, size = {minute, hits}, #text
  while at <= size do
    local start, stop, viewed, hour, engaged, path, origin, home, beside, rest =
      unpack_struct(VISIT, text, at)
    record[#record + 1] = {start = start, stop = stop, viewed = viewed, hour = hour,
      engaged = engaged, path = path, origin = origin, home = home, beside = beside}
    at = rest
  end
  return record, trail
end

-- The packed text of a visitor's record and trail.
local function pack_record(record, trail)
  local text = pack_struct(RECORD, record[1], min(record[2], 65535), #trail, trail)
  for i = 3, #record do
    local v = record[i]
    text = text .. pack_struct(VISIT, v.start, v.stop, v.viewed, v.hour, v.engaged, #v.path,
      v.path, #v.origin, v.origin, #v.home, v.home, #v.beside, v.beside)
  end
  return text
end

-- What is known of a visitor on a day: {minute, hits, visit ...}; a new one has no visit yet.
--   day      of the batch  number  the visitor's place in it
--   Returns the record that all hits of the batch share; a change becomes lasting when it is put
--   into day.changed_records.
local function read_visitor(day, number)
  local record = day.records[number]
  if not record then
    local text = day.packed[number]
    if text then day.has_visitors = true end
    if text then
      record, day.trails[number] = parse_record(text)
    else
      record = {0, 0}
    end
    day.records[number] = record
  end
  return record
end

-- The place, among a day's pairs, of a visitor and a page that no sender has told.
--   visitor  16 characters, or the 10 that stand in a pair
--   page     6 characters, or (other)
--   It is read now, and stands behind the pairs that were told.
local function find_pair(day, visitor, page)
  local field = sub(visitor, 1, 10) .. page
  if not day.places then
    day.places = {}
    for place, told in ipairs(day.pairs) do day.places[told] = place end
  end
  local place = day.places[field]
  if not place then
    day.seen = day.seen or {}
    place = #day.pairs + 1
    day.pairs[place], day.places[field] = field, place
    day.seen[place] = call('HGET', day.views_key, field)
  end
  return place
end

-- Which visits have viewed a page, as characters, and when it was asked for last.
--   place    of the visitor and the page among the day's pairs
--   Returns '' and nil when none has; the time is nil, too, where double clicks are not looked for.
local function read_pair(day, place)
  local text = day.seen[place]
  if not text then return '', nil end
  -- What this batch has written does not say whether the key was there before.
  if not day.changed_pairs[place] then day.has_views = true end
  local at = find(text, ' ', 1, true)
  if not at then return text, nil end
  return sub(text, 1, at - 1), tonumber(sub(text, at + 1))
end

-- Notes which visits have viewed a page, and when it was asked for last.
--   ms       of the day; nil where double clicks are not looked for
local function write_pair(day, place, visits, ms)
  local text = ms and visits .. ' ' .. text_of(ms) or visits
  if day.seen[place] == text then return end
  day.seen[place], day.changed_pairs[place] = text, text
end

-- The numbers that stand in a page's row.
--   Returns nil when the row says where the page has moved.
local function parse_page(path, row)
  local views, visits, visitors, day, today, before, baseline =
    match(row, '^(%d+) (%d+) (%d+) (%S+) (%d+) (%d+) (%d+ %d+)$')
  if not views then return nil end
  -- Adding nothing makes a number of a text without a call.
  return {path = path, views = views + 0, visits = visits + 0, visitors = visitors + 0, day = day,
    today = today + 0, before = before, baseline = baseline, is_new = false, changed = false,
    fresh = 0}
end

-- The numbers of the page that a moved one is now.
--   number   of the old path in the batch  row  of the old path
--   Hits of both addresses share one table, whichever is asked for first; what a visitor has viewed
--   stands under the new page, so its digest is noted.
local function read_moved(batch, number, row)
  local path, digest = moved_to(row)
  row = call('HGET', batch.pages_key, path)
  while row and moved_to(row) do
    path, digest = moved_to(row)
    row = call('HGET', batch.pages_key, path)
  end
  local at = '>' .. path
  for place, told in ipairs(batch.paths) do
    if told == path then at = place end
  end
  local page = batch.pages[at] or parse_page(path, row or NO_NUMBERS)
  batch.pages[at], batch.pages[number], batch.moved[number] = page, page, digest
  return page
end

-- The numbers of a page; nil when it has none yet.
--   number   of the path in the batch; 0 for (other)
--   Returns the table that all hits of the batch share.
local function read_page(batch, number)
  local page = batch.pages[number]
  if page then return page end
  local path, row = OTHER, nil
  if number > 0 then
    path, row = batch.paths[number], batch.page_rows[number]
  else
    row = call('HGET', batch.pages_key, OTHER)
  end
  if not row then return nil end
  page = parse_page(path, row)
  if not page then return read_moved(batch, number, row) end
  batch.pages[number] = page
  return page
end

-- Adds to a field of the delta.
local function add_to(batch, field, n)
  local add = batch.add
  add[field] = (add[field] or 0) + n
end

-- Adds one filtered request.
--   reason   in one word; "late" for a hit that came after its day was closed
local function add_filtered(batch, label, hour, reason)
  add_to(batch, 'f\t' .. label .. '\t' .. SHORT[hour] .. '\t' .. reason, 1)
end
