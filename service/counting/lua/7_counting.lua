-- Counting ------------------------------------------------------------------------------------
--
-- One hit after the other is decided on what Redis holds and what the hits before it in the batch
-- have changed. Views count under their own values, a visit and a visitor under those of the first
-- hit, so the values of a dimension with one value for each hit add up to the total.

-- Counts a hit whose site-day was closed before it came: who was seen then is forgotten, so it is
-- a view or an event and no more.
--   Returns the result in one word.
--   Nobody is remembered, so nothing of it can be a repeat by visitor; its id was asked for.
local function count_late(batch, day, hit, page)
  local hour = floor(hit[MS] / 3600000)
  add_filtered(batch, day.label, hour, 'late')
  if hit[KIND] == ENGAGEMENT then return 'counted' end
  local what = hit[KIND] == VIEW and IS_VIEW or IS_EVENT
  add_hit(batch, day, hour, what, page.path, batch.origins[hit[ORIGIN]][1], hit)
  if hit[KIND] == EVENT then
    change_page(batch, day, page)
    batch.events = batch.events + 1
    return 'counted'
  end
  add_view(batch, day, page, 0, 0)
  return 'counted'
end

-- Adds the seconds that a visitor gave to a page; they extend a visit and begin none.
--   visitor  record of read_visitor  ms  of the day
--   Seconds go to the day they arrive on, whenever the view was.
local function count_engagement(batch, day, hit, page, visitor, ms)
  keep_going(batch, day, hit, visitor, ms)
  local seconds = hit[SECONDS] or 0
  if seconds > 0 then
    change_page(batch, day, page)
    add_to(batch, 'e\t' .. day.label .. '\t' .. SHORT[floor(ms / 3600000)] .. '\t' .. page.path,
      seconds)
  end
  return 'counted'
end

-- The visit that a hit belongs to: a near one, one from before midnight, or a new one.
--   visitor  record of read_visitor; gets the visit when it is not in there yet
--   ms       of the day  hour  of it
--   path     that a view counts under; nil for an event
--   Returns its number in the visitor's record, the visit and whether it is new. One that goes on
--   is followed.
local function join_visit(batch, day, hit, visitor, ms, hour, path)
  local number, visit = nearest_visit(visitor, ms), nil
  if number then
    visit = visitor[number]
    extend(visit, ms)
  else
    number = #visitor + 1
    visit = carried_visit(batch, day, hit, ms, number)
    if not visit then
      -- That a view is its visit's first says by itself where the visit entered and is now.
      visitor[number] = {start = ms, stop = ms, viewed = ms, hour = hour,
        engaged = path and 0 or 1, path = path or '', origin = batch.origins[hit[ORIGIN]][1], home = '', beside = ''}
      return number, visitor[number], true
    end
    visitor[number] = visit
  end
  local living, at = living_visit(batch, day, visit, ms)
  if living then
    follow_visit(batch, living, living.home ~= '' and living.home or day.label, path, at)
  end
  return number, visit, false
end

-- Counts what a view is for its page: the first of its visit, and of its visitor.
--   place    of the visitor and the page among the day's pairs  number  of the visit
--   Returns what it is, as a sum.
local function count_view(batch, day, hit, page, place, number, visit, ms)
  local visits = read_pair(day, place)
  local mark, what = char(FIRST_VISIT - 3 + number), IS_VIEW
  if visits == '' then what = what + IS_PAGE_VISITOR end
  if not find(visits, mark, 1, true) then
    visits = visits .. mark
    if not has_viewed_beside(batch, day, visit, place) then what = what + IS_PAGE_VISIT end
  end
  local clicked = batch.double_click > 0 and ms or nil
  write_pair(day, place, visits, clicked)
  -- Double clicks are looked for on the page that was asked for, also when it has no numbers.
  if clicked and place ~= hit[PAIR] then
    write_pair(day, hit[PAIR], read_pair(day, hit[PAIR]), clicked)
  end
  local minute = floor((day.start + ms) / 60000)
  batch.minutes[minute] = (batch.minutes[minute] or 0) + 1
  add_view(batch, day, page, what % 16 >= IS_PAGE_VISIT and 1 or 0,
    what >= IS_PAGE_VISITOR and 1 or 0)
  return what
end

-- Counts a view or an event of a day that is not closed: decides visitor, visit and page.
--   visitor  record of read_visitor, without a visit when the visitor is new
--   place    of the visitor and the page among the day's pairs  ms  of the day  now  since 1970
--   Returns the result in one word.
local function count_fresh(batch, day, hit, page, place, visitor, ms, now)
  local is_view, hour, path = hit[KIND] == VIEW, (ms - ms % 3600000) / 3600000, page.path
  local is_new_visitor = begin_to_see(visitor)
  local number, visit, is_new =
    join_visit(batch, day, hit, visitor, ms, hour, is_view and path or nil)
  day.changed_records[hit[VISITOR]] = visitor
  local what = IS_EVENT
  if is_view then
    what = count_view(batch, day, hit, page, place, number, visit, ms)
    local is_page_visitor = what >= IS_PAGE_VISITOR
    if is_page_visitor and path ~= OTHER then note_together(batch, day, hit[VISITOR], place) end
    note_title(batch, hit, path, is_page_visitor)
    note_trend(batch, page, day.start + ms, now)
  else
    change_page(batch, day, page)
    batch.events = batch.events + 1
  end
  if is_new then
    what = what + IS_NEW_VISIT
    day.visits, batch.visits = day.visits + 1, batch.visits + 1
  end
  if is_new_visitor then
    what = what + IS_NEW_VISITOR
    day.uniques, batch.visitors = day.uniques + 1, batch.visitors + 1
  end
  -- A hit from the site itself has its visit's origin.
  local origin = batch.origins[hit[ORIGIN]]
  origin = origin[2] and visit.origin or origin[1]
  if (visit.home ~= '' or visit.hour ~= hour) and what % 16 >= IS_PAGE_VISIT then
    what = what - IS_PAGE_VISIT
    add_page_visit(batch, visit, visit.home ~= '' and visit.home or day.label, path, origin, hit)
  end
  add_hit(batch, day, hour, what, path, origin, hit)
  return 'counted'
end

-- Decides one hit and adds it up. Returns its result in one word.
--   now      ms since 1970
--   The cheapest question comes first: a repeat is asked for one id, a flood for one number.
local function count(batch, hit, now)
  -- A repeat is one whatever else it says: it must not even move a time.
  if is_repeated(batch, hit) then return 'duplicate' end
  local day, ms, is_view = batch.days[hit[DAY]], hit[MS], hit[KIND] == VIEW
  local page, place = page_of(batch, day, hit)
  if is_view and is_full(batch, page) then return 'limit' end
  -- From here on the hit is settled, counted or filtered, so its next copy is a repeat.
  remember_id(batch, hit)
  day.touched = true
  if now >= day.stop + DAY_MS and not hit[TRUSTED] then
    return count_late(batch, day, hit, page)
  end
  local visitor = read_visitor(day, hit[VISITOR])
  if is_flood(batch, hit, visitor, ms) then
    add_filtered(batch, day.label, floor(ms / 3600000), 'flood')
    return 'flood'
  end
  if is_view and batch.double_click > 0 and is_double_click(batch, day, hit, ms) then
    add_filtered(batch, day.label, floor(ms / 3600000), 'double_click')
    return 'double_click'
  end
  -- Who is online is a question of now: an old hit from a journal or a log does not answer it.
  if day.start + ms > now - ONLINE_MS then
    local who, at = day.visitors[hit[VISITOR]], day.start + ms
    if at > (batch.online[who] or 0) then batch.online[who] = at end
  end
  if hit[KIND] == ENGAGEMENT then return count_engagement(batch, day, hit, page, visitor, ms) end
  return count_fresh(batch, day, hit, page, place, visitor, ms, now)
end

-- Decides every item of a batch.
--   Returns the result of each in one word, and the paths of those that are no filtered requests.
local function count_all(batch, now)
  local results, paths, items = {}, {}, batch.items
  for i = 1, #items do
    local item = items[i]
    if item[KIND] ~= FILTERED then
      results[i] = count(batch, item, now)
      paths[#paths + 1] = batch.paths[item[PAGE]]
    elseif item[FILTERED_NAME] and batch.names[item[FILTERED_NAME]] then
      -- A batch that is sent again adds nothing, not even what was filtered of it.
      results[i] = 'duplicate'
    else
      local label, hour = batch.days[item[DAY]].label, floor(item[MS] / 3600000)
      add_filtered(batch, label, hour, item[REASON])
      results[i] = 'filtered'
    end
  end
  return results, paths
end
