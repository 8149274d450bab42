-- Who is there now ----------------------------------------------------------------------------
--
-- Nothing is kept for this but the views of the last minutes: each visitor's record knows the page
-- that they viewed last and where they came from, so those who are online are looked up when
-- somebody asks, a part at a time.

-- The visit that a visitor is in: the one whose last hit is the latest.
--   text   the packed record, of this day or of the one before
--   Returns the visit, or nil when the record is gone or has none.
local function present_visit(text)
  local record, latest = text and parse_record(text) or {}, nil
  for i = 3, #record do
    if not latest or record[i].stop > latest.stop then latest = record[i] end
  end
  return latest
end

-- presence: what those are reading who are online, the latest first, and the last minutes' views.
--   KEYS  1 luot:{S}:state  2 luot:{S}:online  3 luot:{S}:visitors:<today>
--         4 luot:{S}:visitors:<yesterday>
--   ARGV  1 ms: visitors seen later are online  2 the first minute since 1970 that is asked for
--         3 how many minutes, at most 30  4 how many visitors are passed over
--         5 how many are looked up, at most 500
--   Returns {how many are online, {views of each minute ...}, {visitor, path, origin ...}}; the
--   path is empty where nothing was viewed, the origin is source TAB channel. LUOTEPOCH,
--   LUOTSERVER, LUOTPHASE: the site is not open.
local function presence(keys, args)
  take_tools()
  local state = read_state(keys[1])
  local no = refusal(state, state.epoch, OPEN)
  if no then return no end
  local fields, views, told = {}, {}, {}
  local first = args[2] + 0
  for minute = first, first + args[3] - 1 do
    fields[#fields + 1] = 'm:' .. SHORT[minute % MINUTES]
  end
  for i, known in ipairs(call('HMGET', keys[1], unpack(fields))) do
    local of, many = match(known or '', '^(%d+) (%d+)$')
    -- A place in the ring may still hold what an hour ago was there.
    views[i] = of and of + 0 == first + i - 1 and many or '0'
  end
  local here = call('ZREVRANGEBYSCORE', keys[2], '+inf', '(' .. args[1], 'LIMIT', args[4], args[5])
  if #here > 0 then
    local today = call('HMGET', keys[3], unpack(here))
    local before = call('HMGET', keys[4], unpack(here))
    for i, visitor in ipairs(here) do
      local visit = present_visit(today[i]) or present_visit(before[i])
      told[#told + 1] = visitor
      told[#told + 1] = visit and visit.path or ''
      told[#told + 1] = visit and visit.origin or ''
    end
  end
  return {call('ZCOUNT', keys[2], '(' .. args[1], '+inf'), views, told}
end
