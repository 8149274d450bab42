-- A batch: what was read for it, what it will write ----------------------------------------------
--
-- One MessagePack value, because the same bytes are what a journal keeps. It is
--   {format, limits, dimensions, days, slots, names, items}
--   limits      {flood per minute, double click ms, pages per day, pages in all, values per site,
--               values per page, oldest site-day that is kept}
--   dimensions  {{name, flags} ...}: 1 open-ended, 2 kept for pages, 4 taken over from the visit
--   days        {{label, first ms, first ms of the next day} ...}
--   slots       numbers of ten-minute slots, each with both its neighbours, in order
--   names       names of batches
--   items       hits and filtered requests; their parts are numbered here:
local KIND, MS, DAY, HOUR = 1, 2, 3, 4
local REASON = 5
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
    pages = {}, add = {}, put = {}, online = {}, offline = {},
    views = 0, visits = 0, visitors = 0, events = 0, new_pages = 0,
  }
  local at = SITE_KEYS
  for i, day in ipairs(days) do
    batch.days[i] = {
      label = day[1], start = day[2], stop = day[3], salt_key = keys[at + 1],
      visitors_key = keys[at + 2], views_key = keys[at + 3], values_key = keys[at + 4],
      visitors = {}, pairs = {}, values = {}, changed_visitors = {}, changed_pairs = {},
      changed_values = {}, views = 0, visits = 0, uniques = 0, touched = false,
    }
    at = at + DAY_KEYS
  end
  for i = 1, #slots do batch.slots[i] = {key = keys[at + i], known = {}, added = {}} end
  at = at + #slots
  for i = 1, #names do batch.names[i] = redis.call('EXISTS', keys[at + i]) == 1 end
  batch.name_keys = {unpack(keys, at + 1)}
  return batch
end

-- A field of a hash, read once in a batch; nil when there is none.
local function read_once(cache, key, field)
  local value = cache[field]
  if value == nil then
    value = redis.call('HGET', key, field)
    cache[field] = value
  end
  return value or nil
end

-- What is known of a visitor on a day: {minute, hits, visit ...}; a new one has no visit yet.
local function read_visitor(day, visitor)
  local record = day.visitors[visitor]
  if record == nil then
    local packed = redis.call('HGET', day.visitors_key, visitor)
    record = packed and cmsgpack.unpack(packed) or {0, 0}
    day.visitors[visitor] = record
  end
  return record
end

-- When a visitor asked for a page last on a day, and which visits did, as ' 3 5 '; nil and ' ' when
-- none did. The time is nil, too, where double clicks are not looked for.
local function read_pair(day, visitor, page)
  local text = read_once(day.pairs, day.views_key, string.sub(visitor, 1, 12) .. page)
  if not text then return nil, ' ' end
  local ms, visits = string.match(text, '^(%S*)(.*)$')
  return tonumber(ms), visits .. ' '
end

-- Notes when a visitor asked for a page on a day, and which of the visitor's visits did.
local function write_pair(day, visitor, page, ms, visits)
  local field = string.sub(visitor, 1, 12) .. page
  local text = (ms and digits(ms) or '') .. string.sub(visits, 1, -2)
  day.pairs[field] = text
  day.changed_pairs[field] = text
end

-- The numbers of a page, or nil when nobody has viewed it yet:
-- {views, visits, visitors, day, today, before, baseline_views, baseline_visits}
local function read_page(batch, path)
  local page = batch.pages[path]
  if page == nil then
    local row = redis.call('HGET', batch.pages_key, path)
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

-- Adds to a row of the delta.
--   field  of the delta  place  of the measure  size  how many measures such a row has
local function add(batch, field, size, place, n)
  local row = batch.add[field]
  if not row then
    row = {}
    for i = 1, size do row[i] = 0 end
    batch.add[field] = row
  end
  row[place] = row[place] + n
end

-- Adds to an hour of a page, or of the site when the path is empty.
local function add_hour(batch, label, hour, path, place, n)
  add(batch, 'h\t' .. label .. '\t' .. hour .. '\t' .. path, 8, place, n)
end

-- Adds one filtered request.
local function add_filtered(batch, label, hour, reason)
  add(batch, 'f\t' .. label .. '\t' .. hour .. '\t' .. reason, 1, 1, 1)
end

-- Which name a value counts under on a day for the whole site: its own, or (other).
--   Returns the name, and the value's number when it has one.
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
