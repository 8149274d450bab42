-- Visits, and what is asked before one is decided ----------------------------------------------
--
-- A visit is an interval that grows while gaps stay under half an hour. Hits may come out of order,
-- from a journal or a log, so a visitor's record holds all visits of the day and a hit joins the
-- nearest one, earlier or later. Two visits never become one: a total that was shown never falls.

-- Whether a hit was counted before: its batch was applied, or its id arrived within this slot or
-- one of its neighbours.
--   hit      item of the batch
--   Looks at what this batch has remembered so far as well as at Redis.
local function is_repeated(batch, hit)
  if hit[NAME] > 0 and batch.names[hit[NAME]] then return true end
  if hit[ID] == '' then return false end
  for at = hit[SLOT] - 1, hit[SLOT] + 1 do
    if batch.slots[at].known[hit[ID]] then return true end
  end
  return false
end

-- Remembers the hit's id, so that its next copy is recognised.
--   A hit without an id is never taken for a repeat, and leaves nothing here.
local function remember_id(batch, hit)
  if hit[ID] == '' then return end
  local slot = batch.slots[hit[SLOT]]
  slot.known[hit[ID]] = true
  slot.added[#slot.added + 1] = hit[ID]
end

-- The visit of a visitor that is nearest to a time of the day, when the gap is short enough.
--   visitor  record of read_visitor
--   ms       of the day; below zero for a time before midnight
--   Returns its number in the record, or nil. Of two that are as near the earlier one wins, so a
--   hit between two visits joins one of them and never makes them one.
local function nearest_visit(visitor, ms)
  local best, least = nil, VISIT_GAP
  for number = 3, #visitor do
    local visit = visitor[number]
    local gap = math.max(visit[START] - ms, ms - visit[END], 0)
    if gap < least then best, least = number, gap end
  end
  return best
end

-- Makes a visit reach to a time of the day.
--   ms       of the day that the record belongs to
local function extend(visit, ms)
  visit[START] = math.min(visit[START], ms)
  visit[END] = math.max(visit[END], ms)
end

-- Extends yesterday's visit by a hit of today that begins and counts nothing, if one is near.
local function extend_before(batch, hit)
  local before = batch.days[hit[DAY_BEFORE]]
  local visitor = read_visitor(before, hit[VISITOR_BEFORE])
  local number = nearest_visit(visitor, hit[MS] - before.start)
  -- The reader goes on under today's name, also among those who are online.
  batch.offline[#batch.offline + 1] = hit[VISITOR_BEFORE]
  if not number then return end
  extend(visitor[number], hit[MS] - before.start)
  before.changed_visitors[hit[VISITOR_BEFORE]] = visitor
end

-- The visit of yesterday that a hit after midnight goes on with, brought over to today, or nil.
-- It stays yesterday's visit: what it does from now on is added to the day it began on. The old
-- copy is marked, and says no more about engagement and last page, so that neither counts twice.
--   ms       of today
--   Returns the visit as it stands in today's record, which the caller appends.
local function carried_visit(batch, hit, ms)
  if hit[VISITOR_BEFORE] == '' then return nil end
  local before = batch.days[hit[DAY_BEFORE]]
  local visitor = read_visitor(before, hit[VISITOR_BEFORE])
  local number = nearest_visit(visitor, hit[MS] - before.start)
  if not number then return nil end
  local old = visitor[number]
  local home = old[HOME] ~= '' and old[HOME] or before.label
  local visit = {ms, ms, old[VISIT_HOUR], old[LAST_PATH], old[ENGAGED], old[SOURCE], old[CHANNEL],
    home, number .. ' ' .. string.sub(hit[VISITOR_BEFORE], 1, 12)}
  extend(old, hit[MS] - before.start)
  old[BEFORE] = CARRIED
  before.changed_visitors[hit[VISITOR_BEFORE]] = visitor
  batch.offline[#batch.offline + 1] = hit[VISITOR_BEFORE]
  return visit
end

-- The visit that a hit belongs to: a near one, one from before midnight, or a new one.
--   Returns its number in the visitor's record, the visit, whether it is new, and whether nothing
--   later of it was counted before.
--   visitor  record of read_visitor; gets the visit when it is not in there yet
--   ms       of the day
local function join_visit(batch, hit, visitor, ms)
  local number = nearest_visit(visitor, ms)
  if number then
    local visit = visitor[number]
    local is_latest = ms >= visit[END]
    extend(visit, ms)
    return number, visit, false, is_latest
  end
  local visit = carried_visit(batch, hit, ms)
  local is_new = visit == nil
  if is_new then
    visit = {ms, ms, hit[HOUR], '', false, hit[VALUES][1][1], hit[VALUES][2][1], '', ''}
  end
  visitor[#visitor + 1] = visit
  return #visitor, visit, is_new, true
end

-- Whether a visit viewed a page before, on this day or, brought over midnight, on the one before.
--   Returns two answers: for this visit, and for this visitor on this day; and the visits so far.
--   page_id  8 characters, or (other)
--   number   of the visit in today's record
local function has_viewed(batch, hit, page_id, number, visit)
  local _, visits = read_pair(batch.days[hit[DAY]], hit[VISITOR], page_id)
  if string.find(visits, ' ' .. number .. ' ', 1, true) then return true, true, visits end
  local old, who = string.match(visit[BEFORE], '^(%d+) (.+)$')
  if old then
    local _, before = read_pair(batch.days[hit[DAY_BEFORE]], who, page_id)
    if string.find(before, ' ' .. old .. ' ', 1, true) then return true, visits ~= ' ', visits end
  end
  return false, visits ~= ' ', visits
end

-- Adds what a view or event makes of its visit: that it is engaged, its entry, its exit. All of it
-- goes to the hour that the visit began in.
--   path     that the hit counts under
--   is_latest  of join_visit: an earlier view does not change which page was last
local function follow_visit(batch, hit, visit, path, is_latest)
  if visit[BEFORE] == CARRIED then return end
  local label = visit[HOME] ~= '' and visit[HOME] or batch.days[hit[DAY]].label
  local hour, last = visit[VISIT_HOUR], visit[LAST_PATH]
  local was_engaged = visit[ENGAGED]
  if not was_engaged and (hit[KIND] == EVENT or last ~= '') then
    visit[ENGAGED] = true
    add_hour(batch, label, hour, '', ENGAGED_VISITS, 1)
    -- Until now there was one view at most, so the last page is the entry page.
    if last ~= '' then add_hour(batch, label, hour, last, ENGAGED_VISITS, 1) end
  end
  if hit[KIND] ~= VIEW then return end
  if last == '' then
    add_hour(batch, label, hour, path, ENTRIES, 1)
    if was_engaged then add_hour(batch, label, hour, path, ENGAGED_VISITS, 1) end
  elseif last == path or not is_latest then
    return
  else
    add_hour(batch, label, hour, last, EXITS, -1)
  end
  add_hour(batch, label, hour, path, EXITS, 1)
  visit[LAST_PATH] = path
end

-- Whether a visitor sent too many hits in the minute of this one; if not, it is one of them.
--   Counts by the hit's own minute, so hits that waited are judged as if they had not.
--   Senders with a token and imports are trusted: they send many readers' hits at once.
local function is_flood(batch, hit, visitor)
  local minute = math.floor(hit[MS] / 60000)
  -- Hits of an earlier minute that come late begin that minute anew; they are few.
  if visitor[1] ~= minute then visitor[1], visitor[2] = minute, 0 end
  if batch.flood > 0 and not hit[TRUSTED] and visitor[2] >= batch.flood then return true end
  visitor[2] = visitor[2] + 1
  return false
end

-- Whether a view repeats the visitor's last request for this page within the double-click time.
-- If so that time moves on and the visit is extended; nothing else changes.
--   Looks at today first, and in the first half hour of a day at yesterday too.
local function is_double_click(batch, hit)
  if batch.double_click == 0 or hit[KIND] ~= VIEW then return false end
  local sides = {{batch.days[hit[DAY]], hit[VISITOR]}}
  if hit[VISITOR_BEFORE] ~= '' then
    sides[2] = {batch.days[hit[DAY_BEFORE]], hit[VISITOR_BEFORE]}
  end
  for _, side in ipairs(sides) do
    local day, who = side[1], side[2]
    local ms = hit[MS] - day.start
    local last, visits = read_pair(day, who, hit[PAGE])
    if last and math.abs(ms - last) <= batch.double_click then
      write_pair(day, who, hit[PAGE], math.max(ms, last), visits)
      local visitor = read_visitor(day, who)
      local number = nearest_visit(visitor, ms)
      if number then
        extend(visitor[number], ms)
        day.changed_visitors[who] = visitor
      end
      return true
    end
  end
  return false
end
