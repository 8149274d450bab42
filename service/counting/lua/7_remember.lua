-- Remembering a batch --------------------------------------------------------------------------
--
-- A site that is given back has its numbers from SQL; who was seen is in the batches that were
-- counted. Order matters where it did when they were counted: visits whose hits are further apart
-- than half an hour once others between them are missing do not become one again.

-- Puts back a view without an id whose time lies inside a visit that has viewed its page, and says
-- whether it is one. It may have been put back before, and would then engage a visit that had no
-- second view; all that is left to say is which page was viewed last, and when it was asked for.
local function remember_inside(batch, day, hit)
  if hit[ID] or hit[KIND] ~= VIEW then return false end
  local visitor, ms = read_visitor(day, hit[VISITOR]), hit[MS]
  local number = nearest_visit(visitor, ms)
  local visit = number and visitor[number]
  if not visit or ms < visit.start or ms > visit.stop then return false end
  local page, place = page_of(batch, day, hit)
  if not find(read_pair(day, place), char(FIRST_VISIT - 3 + number), 1, true) then return false end
  if batch.double_click > 0 then
    if is_double_on(batch, day, hit[VISITOR], hit[PAIR], ms) then return true end
    local visits, last = read_pair(day, hit[PAIR])
    write_pair(day, hit[PAIR], visits, max(ms, last or ms))
  end
  local living, at = living_visit(batch, day, visit, ms)
  if living and at >= living.viewed then
    living.path, living.viewed = page.path, at
    day.changed_records[hit[VISITOR]] = visitor
  end
  return true
end

-- Puts back what one hit left of its visitor.
--   A visit has the hour and the origin of its first hit, which may be remembered after later ones.
local function remember_hit(batch, day, hit, now)
  local visitor, ms = read_visitor(day, hit[VISITOR]), hit[MS]
  local number = hit[KIND] ~= ENGAGEMENT and nearest_visit(visitor, ms)
  local visit = number and visitor[number]
  local is_earlier = visit and ms < visit.start and visit.home == ''
  count(batch, hit, now)
  if is_earlier and visit.start == ms then
    visit.hour, visit.origin = floor(ms / 3600000), batch.origins[hit[ORIGIN]][1]
  end
end

-- remember: puts back who was seen, from a batch that was counted in numbers that were loaded.
--   The same decisions are taken as when it was counted, and only what they leave of visitors, pages
--   they viewed, ids, names and who is online is kept. Batches may come in any order and again.
--   KEYS  as of record: 1 luot:{S}:state  2 luot:{S}:pages  3 luot:{S}:days  4 luot:{S}:online
--         5 luot:{S}:delta  6 luot:{S}:trending and so on
--   ARGV  1 epoch  2 now in ms  3 the batch, at most 500 items
--   Returns how many hits it looked at; those that were filtered, and those of days that are closed,
--   are left out. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere; LUOTBATCH: it is no batch.
local function remember(keys, args)
  take_tools()
  local no = refusal(read_state(keys[1]), args[1], COUNTING_OR_REMEMBERING)
  if no then return no end
  local now, batch, why = tonumber(args[2]), open_batch(keys, args[3])
  if not batch then return redis.error_reply('LUOTBATCH ' .. why) end
  -- Pages with numbers were loaded; one that has none was counted under (other).
  batch.pages_per_day = 0
  read_all_ahead(batch)
  local many = 0
  for _, item in ipairs(batch.items) do
    local day = batch.days[item[DAY]]
    local is_open = item[KIND] ~= FILTERED and (item[TRUSTED] or now < day.stop + DAY_MS)
    if is_open and not remember_inside(batch, day, item) then
      remember_hit(batch, day, item, now)
      many = many + 1
    end
  end
  write_seen(batch, now)
  return many
end
