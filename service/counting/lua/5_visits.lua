-- Visits, and what is asked before one is decided ----------------------------------------------
--
-- A visit is an interval that grows while gaps stay under half an hour. Hits may come out of order,
-- from a journal or a log, so a visitor's record holds all visits of the day and a hit joins the
-- nearest one, earlier or later. Two visits never become one: a total that was shown never falls.
--
-- A visit is {start, stop, viewed, hour, engaged, path, origin, home, beside}: path is the page that
-- it viewed last and viewed when that was, origin where it came from, home the day that it belongs to, empty for the record's
-- own. One that went on over midnight stands in both records, and each copy knows the other:
-- beside is '< number visitor (10)' in the later one and '> number visitor (16)' in the earlier,
-- which says no more about engagement and last page.

-- What is added to engaged while a visitor's first visit of the day came over midnight by attention
-- or a double click, and nothing of them was counted on this side of it.
local UNSEEN = 2

-- Whether a hit was counted before: its batch was applied, or its id arrived within this slot or
-- one of its neighbours.
--   hit      item of the batch
--   Looks at what this batch has remembered so far as well as at Redis.
local function is_repeated(batch, hit)
  local name, id = hit[NAME], hit[ID]
  if name and batch.names[name] then return true end
  if not id then return false end
  local slots, at = batch.slots, hit[SLOT]
  return slots[at].known[id] == 1 or slots[at - 1].known[id] == 1 or slots[at + 1].known[id] == 1
end

-- Remembers the hit's id, so that its next copy is recognised.
--   A hit without an id is never taken for a repeat, and leaves nothing here.
local function remember_id(batch, hit)
  local id = hit[ID]
  if not id then return end
  local slot = batch.slots[hit[SLOT]]
  slot.known[id] = 1
  local added = slot.added or {}
  added[#added + 1] = batch.ids[id]
  slot.added = added
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
    local gap = ms > visit.stop and ms - visit.stop or visit.start - ms
    if gap < least then best, least = number, gap end
  end
  return best
end

-- Makes a visit reach to a time of the day.
--   ms       of the day that the record belongs to
local function extend(visit, ms)
  if ms < visit.start then visit.start = ms end
  if ms > visit.stop then visit.stop = ms end
end

-- The record of yesterday's visitor that a hit of today goes on from, and the visit that is near.
--   ms       of today
--   Returns the day, the record, the number of the visit or nil, and the time in yesterday's terms.
local function look_before(batch, day, hit, ms)
  local before = batch.days[day.before]
  local visitor = read_visitor(before, hit[VISITOR_BEFORE])
  local ago = ms + day.start - before.start
  return before, visitor, nearest_visit(visitor, ago), ago
end

-- Notes that a reader goes on under today's name, also among those who are online.
--   before   yesterday, whose name is not there any more
local function rename_online(batch, before, hit)
  batch.offline[#batch.offline + 1] = before.visitors[hit[VISITOR_BEFORE]]
end

-- The visit of yesterday that a hit after midnight goes on with, brought over to today, or nil.
-- It stays yesterday's visit: what it does from now on is added to the day it began on.
--   ms       of today  at  the number that the visit will have in today's record
--   Returns the visit as it stands in today's record, where the caller puts it.
local function carried_visit(batch, day, hit, ms, at)
  if not hit[VISITOR_BEFORE] then return nil end
  local before, visitor, number, ago = look_before(batch, day, hit, ms)
  if not number then return nil end
  local old, who = visitor[number], before.visitors[hit[VISITOR_BEFORE]]
  extend(old, ago)
  old.beside = '>' .. at .. ' ' .. day.visitors[hit[VISITOR]]
  before.changed_records[hit[VISITOR_BEFORE]] = visitor
  rename_online(batch, before, hit)
  return {start = ms, stop = ms, viewed = old.viewed + ms - ago, hour = old.hour,
    engaged = old.engaged % UNSEEN, path = old.path,
    origin = old.origin, home = old.home ~= '' and old.home or before.label,
    beside = '<' .. number .. ' ' .. sub(who, 1, 10)}
end

-- The copy of a visit that stands for it on a neighbouring day.
--   side     '<' for the day before, '>' for the day after
--   Returns its number there and the visitor's name there; nil when there is none.
local function copy_beside(visit, side)
  if visit.beside == '' then return nil end
  local number, who = match(visit.beside, '^' .. side .. '(%d+) (.+)$')
  return tonumber(number), who
end

-- Keeps a visit going by a hit that begins and counts nothing: today's, or yesterday's, which is
-- then brought over, so that it is found when the half hour after midnight is over.
--   visitor  record of read_visitor  ms  of today
--   A visit that came so into an empty record says that its visitor has yet to be counted today.
local function keep_going(batch, day, hit, visitor, ms)
  local number = nearest_visit(visitor, ms)
  if number then
    extend(visitor[number], ms)
  else
    local visit = carried_visit(batch, day, hit, ms, #visitor + 1)
    if not visit then return end
    if #visitor == 2 then visit.engaged = visit.engaged + UNSEEN end
    visitor[#visitor + 1] = visit
  end
  day.changed_records[hit[VISITOR]] = visitor
end

-- Whether nothing of a visitor was counted yet on a day; from here on something is.
--   visitor  record of read_visitor
local function begin_to_see(visitor)
  local first = visitor[3]
  if not first then return true end
  if first.engaged < UNSEEN then return false end
  first.engaged = first.engaged - UNSEEN
  return true
end

-- The copy that lives of a visit that went on over midnight, for a hit that comes late from before.
--   day      of the hit
--   Returns the visit in the next day's record, that day, its number and its visitor's name, and
--   notes that it may change; nil when the batch has no such day, or the record is not there.
local function living_copy(batch, day, visit)
  local number, who = copy_beside(visit, '>')
  local after = number and day.after and batch.days[day.after]
  if not after then return nil end
  local place
  for i, name in ipairs(after.visitors) do
    if name == who then place = i end
  end
  if not place then
    place, after.packed = #after.visitors + 1, after.packed or {}
    after.visitors[place] = who
    after.packed[place] = call('HGET', after.visitors_key, who)
  end
  local visitor = read_visitor(after, place)
  if not visitor[number] then return nil end
  after.changed_records[place] = visitor
  return visitor[number], after, number, who
end

-- The visit in which what happens to it is kept: itself, or its copy that lives.
--   ms       of the day of the visit
--   Returns it and the time in its day's terms; nil when its copy is not at hand.
local function living_visit(batch, day, visit, ms)
  if not copy_beside(visit, '>') then return visit, ms end
  local living, after = living_copy(batch, day, visit)
  return living, living and ms + day.start - after.start
end

-- Whether a visit viewed a page on the other side of a midnight that it went over.
--   place    of the visitor and the page among the day's pairs
local function has_viewed_beside(batch, day, visit, place)
  if visit.beside == '' then return false end
  local page, other = sub(day.pairs[place], 11), nil
  local number, who = copy_beside(visit, '<')
  if number then
    other = batch.days[day.before]
  else
    local _
    _, other, number, who = living_copy(batch, day, visit)
    if not number then return false end
  end
  local seen = read_pair(other, find_pair(other, who, page))
  return find(seen, char(FIRST_VISIT - 3 + number), 1, true) ~= nil
end

-- Whether a visitor sent too many hits in the minute of this one; if not, it is one of them.
--   ms       of the day
--   Counts by the hit's own minute, so hits that waited are judged as if they had not.
--   Senders with a token and imports are trusted: they send many readers' hits at once.
local function is_flood(batch, hit, visitor, ms)
  local minute = (ms - ms % 60000) / 60000
  -- Hits of an earlier minute that come late begin that minute anew; they are few.
  if visitor[1] ~= minute then visitor[1], visitor[2] = minute, 0 end
  if batch.flood > 0 and visitor[2] >= batch.flood and not hit[TRUSTED] then return true end
  visitor[2] = visitor[2] + 1
  return false
end

-- Whether a view repeats a request for this page on one day; if so that time moves on and the visit
-- is extended; nothing else changes.
--   number   of the visitor  place  of the visitor and the page among the day's pairs
--   ms       of that day
local function is_double_on(batch, day, number, place, ms)
  local visits, last = read_pair(day, place)
  if not last or math.abs(ms - last) > batch.double_click then return false end
  write_pair(day, place, visits, max(ms, last))
  local visitor = read_visitor(day, number)
  local near = nearest_visit(visitor, ms)
  if near then
    extend(visitor[near], ms)
    day.changed_records[number] = visitor
  end
  return true
end

-- Whether a view repeats the visitor's last request for this page within the double-click time.
--   Looks at today first, and in the first half hour of a day at yesterday too.
local function is_double_click(batch, day, hit, ms)
  if is_double_on(batch, day, hit[VISITOR], hit[PAIR], ms) then return true end
  if not hit[VISITOR_BEFORE] then return false end
  local before = batch.days[day.before]
  if not is_double_on(batch, before, hit[VISITOR_BEFORE], hit[PAIR_BEFORE],
    ms + day.start - before.start) then
    return false
  end
  keep_going(batch, day, hit, read_visitor(day, hit[VISITOR]), ms)
  return true
end
