-- A batch: what was read for it, what it will write ----------------------------------------------
--
-- Everything that the hits of a batch will ask for is read before the first of them is decided, one
-- command for each key. What a hit changes is changed in these tables, where the next hit finds it,
-- and goes to Redis once, at the end. So the cost of a batch follows the number of keys and of
-- fields that are touched, not the number of hits.
--
-- One MessagePack value, because the same bytes are what a journal keeps. It is
--   {format, limits, dimensions, days, slots, names, items}
--   limits      {flood per minute, double click ms, pages per day, pages in all, values per site,
--               values per page, oldest site-day that is kept}
--   dimensions  {{name, flags} ...}: 1 open-ended, 2 kept for pages, 4 taken over from the visit
--   days        {{label, first ms, first ms of the next day, label of the next day} ...}
--   slots       numbers of ten-minute slots, each with both its neighbours, in order
--   names       names of batches
--   items       hits and filtered requests; their parts are numbered here:
local KIND, MS, DAY, HOUR = 1, 2, 3, 4
local REASON, FILTERED_NAME = 5, 6
local DAY_BEFORE, SLOT, ID, NAME, VISITOR, VISITOR_BEFORE = 5, 6, 7, 8, 9, 10
local PATH, PAGE, TITLE, VALUES, INTERNAL, TRUSTED, SECONDS = 11, 12, 13, 14, 15, 16, 17

local FILTERED, VIEW, EVENT, ENGAGEMENT = 0, 1, 2, 3
local FORMAT = 1
local IS_OPEN, IS_OF_PAGES, IS_STICKY = 1, 2, 4

-- Keys of a record before those of its days, and of each day.
local SITE_KEYS, DAY_KEYS = 5, 4

-- Numbers of a visit in its visitor's record.
local START, END, VISIT_HOUR, LAST_PATH, ENGAGED, SOURCE, CHANNEL, HOME, BEFORE
  = 1, 2, 3, 4, 5, 6, 7, 8, 9

-- Places of the measures in the rows of a delta.
local VIEWS, VISITS, VISITORS, ENTRIES, EXITS, ENGAGED_VISITS, ENGAGED_SECONDS, EVENTS
  = 1, 2, 3, 4, 5, 6, 7, 8
local DIMENSION_EVENTS = 4

-- Stands as BEFORE in a visit that goes on in the next day's record.
local CARRIED = '-'

-- The batch with its keys laid out, or nil and why it is none.
--   keys  of record  packed  its MessagePack
local function open_batch(keys, packed)
  local ok, told = pcall(cmsgpack.unpack, packed)
  if not ok or type(told) ~= 'table' or told[1] ~= FORMAT then
    return nil, 'the batch has another format'
  end
  local limits, days, slots, names = told[2], told[4], told[5], told[6]
  if #keys ~= SITE_KEYS + DAY_KEYS * #days + #slots + #names then
    return nil, 'the batch and its keys do not fit'
  end
  local batch = {
    state_key = keys[1], pages_key = keys[2], days_key = keys[3], online_key = keys[4],
    delta_key = keys[5], flood = limits[1], double_click = limits[2], pages_per_day = limits[3],
    pages_total = limits[4], values_per_site = limits[5], values_per_page = limits[6],
    oldest = limits[7], dimensions = told[3], items = told[7], days = {}, slots = {}, names = {},
    page_rows = {}, pages = {}, add = {}, put = {}, online = {}, offline = {},
    views = 0, visits = 0, visitors = 0, events = 0, new_pages = 0,
  }
  local at = SITE_KEYS
  for i, day in ipairs(days) do
    batch.days[i] = {
      label = day[1], start = day[2], stop = day[3], next = day[4], salt_key = keys[at + 1],
      visitors_key = keys[at + 2], views_key = keys[at + 3], values_key = keys[at + 4],
      packed = {}, visitors = {}, pairs = {}, values = {}, changed_visitors = {}, changed_pairs = {},
      changed_values = {}, site_rows = {}, numbers = {}, views = 0, visits = 0, uniques = 0,
      touched = false,
    }
    at = at + DAY_KEYS
  end
  for i = 1, #slots do batch.slots[i] = {key = keys[at + i], known = {}, added = {}} end
  at = at + #slots
  for i = 1, #names do batch.names[i] = redis.call('EXISTS', keys[at + i]) == 1 end
  batch.name_keys = {unpack(keys, at + 1)}
  return batch
end

-- Reads fields of a hash into a cache of the batch, each once.
--   cache    field -> text, false for a field that the hash has not
--   key      of the hash
--   wanted   list of fields, some of them more than once
local function read_ahead(cache, key, wanted)
  local missing = {}
  for _, field in ipairs(wanted) do
    if cache[field] == nil then
      cache[field] = false
      missing[#missing + 1] = field
    end
  end
  for first = 1, #missing, CHUNK do
    local last = math.min(first + CHUNK - 1, #missing)
    for i, text in ipairs(redis.call('HMGET', key, unpack(missing, first, last))) do
      cache[missing[first + i - 1]] = text
    end
  end
end

-- What all hits of a batch will ask of a day: its visitors, what they have read, and the values of
-- its pages.
--   place    of the day in the batch
local function read_day_ahead(batch, place)
  local day, visitors, pairs_, pages = batch.days[place], {}, {}, {}
  for _, item in ipairs(batch.items) do
    if item[KIND] ~= FILTERED then
      local who = item[DAY] == place and item[VISITOR]
        or item[DAY_BEFORE] == place and item[VISITOR_BEFORE] or ''
      if who ~= '' then
        visitors[#visitors + 1] = who
        pairs_[#pairs_ + 1] = string.sub(who, 1, 12) .. item[PAGE]
      end
      if item[DAY] == place then pages[#pages + 1] = item[PAGE] end
    end
  end
  read_ahead(day.packed, day.visitors_key, visitors)
  read_ahead(day.pairs, day.views_key, pairs_)
  read_ahead(day.values, day.values_key, pages)
end

-- Which ids of a batch are known in a slot.
--   place    of the slot in the batch; a hit asks its own slot and both neighbours
local function read_ids_ahead(batch, place)
  local slot, ids = batch.slots[place], {}
  for _, item in ipairs(batch.items) do
    if item[KIND] ~= FILTERED and item[ID] ~= '' and math.abs(item[SLOT] - place) <= 1 then
      ids[#ids + 1] = item[ID]
    end
  end
  if #ids == 0 then return end
  for i, known in ipairs(redis.call('SMISMEMBER', slot.key, unpack(ids))) do
    slot.known[ids[i]] = known == 1
  end
end

-- Reads everything that the hits of a batch will ask for.
--   What is found missing only later, such as a value's number, is read when it is needed.
local function read_all_ahead(batch)
  local paths = {}
  for _, item in ipairs(batch.items) do
    if item[KIND] ~= FILTERED then paths[#paths + 1] = item[PATH] end
  end
  read_ahead(batch.page_rows, batch.pages_key, paths)
  for place = 1, #batch.days do read_day_ahead(batch, place) end
  for place = 1, #batch.slots do read_ids_ahead(batch, place) end
end

-- A field of a hash, read once in a batch; nil when there is none.
--   cache    of the batch: field -> value, false for a field that the hash has not
--   key      of the hash
--   field    of the hash
--   Returns its text, or nil.
local function read_once(cache, key, field)
  local value = cache[field]
  if value == nil then
    value = redis.call('HGET', key, field)
    cache[field] = value
  end
  return value or nil
end

-- What is known of a visitor on a day: {minute, hits, visit ...}; a new one has no visit yet.
--   day      of the batch
--   visitor  16 characters
--   Returns the record that all hits of the batch share; a change becomes lasting when the
--   visitor is put into day.changed_visitors.
local function read_visitor(day, visitor)
  local record = day.visitors[visitor]
  if record == nil then
    local packed = read_once(day.packed, day.visitors_key, visitor)
    record = packed and cmsgpack.unpack(packed) or {0, 0}
    day.visitors[visitor] = record
  end
  return record
end

-- When a visitor asked for a page last on a day, and which visits did, as ' 3 5 '; nil and ' ' when
-- none did. The time is nil, too, where double clicks are not looked for.
--   visitor  16 characters, of which 12 are enough together with a page
--   page     8 characters, or (other)
local function read_pair(day, visitor, page)
  local text = read_once(day.pairs, day.views_key, string.sub(visitor, 1, 12) .. page)
  if not text then return nil, ' ' end
  local ms, visits = string.match(text, '^(%S*)(.*)$')
  return tonumber(ms), visits .. ' '
end

-- Notes when a visitor asked for a page on a day, and which of the visitor's visits did.
--   ms       of the day; nil where double clicks are not looked for
--   visits   as read_pair gives them
local function write_pair(day, visitor, page, ms, visits)
  local field = string.sub(visitor, 1, 12) .. page
  local text = (ms and digits(ms) or '') .. string.sub(visits, 1, -2)
  day.pairs[field] = text
  day.changed_pairs[field] = text
end

-- The numbers of a page, or nil when nobody has viewed it yet:
-- {views, visits, visitors, day, today, before, baseline_views, baseline_visits}
--   path     as the site's rules made it, or (other)
local function read_page(batch, path)
  local page = batch.pages[path]
  if page == nil then
    local row = read_once(batch.page_rows, batch.pages_key, path)
    page = false
    if row then
      local v, s, u, day, today, before, bv, bs =
        string.match(row, '^(%d+) (%d+) (%d+) (%S+) (%d+) (%d+) (%d+) (%d+)$')
      page = {tonumber(v), tonumber(s), tonumber(u), day, tonumber(today), tonumber(before),
        tonumber(bv), tonumber(bs)}
    end
    batch.pages[path] = page
  end
  return page or nil
end

-- The row that a batch adds to the delta under a field; it begins at nothing.
--   field    of the delta
--   ...      as many zeros as such a row has measures
local function row_of(batch, field, ...)
  local row = batch.add[field]
  if not row then
    row = {...}
    batch.add[field] = row
  end
  return row
end

-- Adds to an hour of a page, or of the site when the path is empty.
--   label    of the site-day
--   hour     counted from the day's first instant
--   place    of the measure, such as VIEWS
--   n        what is added; below zero for exits only
local function add_hour(batch, label, hour, path, place, n)
  local field = 'h\t' .. label .. '\t' .. hour .. '\t' .. path
  local row = row_of(batch, field, 0, 0, 0, 0, 0, 0, 0, 0)
  row[place] = row[place] + n
end

-- Adds one filtered request.
--   reason   in one word; "late" for a hit that came after its day was closed
local function add_filtered(batch, label, hour, reason)
  local row = row_of(batch, 'f\t' .. label .. '\t' .. hour .. '\t' .. reason, 0)
  row[1] = row[1] + 1
end

-- Which name a value counts under on a day for the whole site: its own, or (other).
--   Returns the name, and the value's number when it has one.
--   dimension  its name
--   value      as the intake made it
local function site_value(batch, day, dimension, value)
  local field = dimension .. '\t' .. value
  local number = read_once(day.values, day.values_key, field)
  if number then return value, tonumber(number) end
  local many = tonumber(read_once(day.values, day.values_key, '#' .. dimension) or 0)
  if many >= batch.values_per_site and not OWN[value] then
    return OTHER, nil
  end
  local last = tonumber(read_once(day.values, day.values_key, '#') or 0) + 1
  for name, n in pairs({[field] = last, ['#'] = last, ['#' .. dimension] = many + 1}) do
    day.values[name] = digits(n)
    day.changed_values[name] = digits(n)
  end
  return value, last
end

-- Which name a value counts under on a day for one page. The page's values stand in one text, four
-- bytes each: the dimension and the value's number.
--   page     8 characters, or (other)
--   place    of the dimension in the batch
--   number   of site_value; nil when the value has no name on this day
--   Returns the name.
local function page_value(batch, day, page, place, value, number)
  if not number then return OTHER end
  local known = read_once(day.values, day.values_key, page) or ''
  local mark = string.char(place) .. struct.pack('>I3', number)
  local many, at = 0, string.find(known, mark, 1, true)
  while at and at % 4 ~= 1 do at = string.find(known, mark, at + 1, true) end
  if at then return value end
  for i = 1, #known, 4 do
    if string.byte(known, i) == place then many = many + 1 end
  end
  if many >= batch.values_per_page and not OWN[value] then return OTHER end
  day.values[page] = known .. mark
  day.changed_values[page] = known .. mark
  return value
end
