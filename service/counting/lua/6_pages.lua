-- Pages, and what a hit adds to the delta ------------------------------------------------------
--
-- A hit adds one row: its hour, its page, its origin, its combination, and what it was the first of.
-- Hours, pages and dimensions follow from these rows by addition, so that work is left to whoever
-- adds the delta to SQL. Only what a visit's later hits say of it has a row of its own.
--
-- Caps bound the pages that strangers can make Redis hold. What is over a cap counts under (other),
-- as one page, so sums stay exact. A page that is known keeps its name whatever comes later.

-- What a hit is, as sums of these.
local IS_VIEW, IS_NEW_VISIT, IS_NEW_VISITOR, IS_PAGE_VISIT, IS_PAGE_VISITOR, IS_EVENT
  = 1, 2, 4, 8, 16, 32

-- What a later hit says of its visit, as sums of these.
local ENGAGES, MOVES, BEGINS_TO_VIEW = 1, 2, 4

-- Whether a page that is new on a day has to count under (other).
--   New pages of a day are counted on the hit's own day, so that a night's import of an old log
--   does not use up today's.
local function is_past_cap(batch, day)
  day.new_pages = day.new_pages or tonumber(call('HGET', day.views_key, '#pages') or 0)
  batch.many_pages = batch.many_pages or call('HLEN', batch.pages_key)
  return day.new_pages >= batch.pages_per_day
    or batch.many_pages + batch.new_pages >= batch.pages_total
end

-- A page that has no numbers yet; it becomes lasting when a hit is counted on it.
--   number   of the path in the batch; 0 for (other)
local function begin_page(batch, number, path)
  local page = {path = path, views = 0, visits = 0, visitors = 0, day = '', today = 0,
    before = '0', baseline = '0 0', is_new = true, changed = false, fresh = 0}
  batch.pages[number] = page
  return page
end

-- The page that a hit counts on: its own, or (other) when that is new and a cap is reached.
--   Returns it, and the place of the hit's visitor and this page among the day's pairs.
local function page_of(batch, day, hit)
  local number = hit[PAGE]
  local page = read_page(batch, number)
  if page and not page.is_new then
    local digest = batch.moved[number]
    if not digest then return page, hit[PAIR] end
    return page, find_pair(day, day.visitors[hit[VISITOR]], digest)
  end
  if is_past_cap(batch, day) then
    page = read_page(batch, 0) or begin_page(batch, 0, OTHER)
    return page, find_pair(day, day.visitors[hit[VISITOR]], OTHER)
  end
  return page or begin_page(batch, number, batch.paths[number]), hit[PAIR]
end

-- Notes that a hit is counted on a page.
--   A page that is new takes a place under both caps; (other) takes none.
local function change_page(batch, day, page)
  page.changed = true
  if not page.is_new then return end
  page.is_new, page.day = false, day.label
  if page.path ~= OTHER then
    batch.new_pages = batch.new_pages + 1
    day.new_pages, day.changed_pages = day.new_pages + 1, true
  end
end

-- Adds a view to a page's numbers, in the day that it belongs to; a page keeps two days.
--   visits, visitors  0 or 1
--   A view of a day before the two that are kept changes the totals only.
local function add_view(batch, day, page, visits, visitors)
  change_page(batch, day, page)
  local label, newest = day.label, page.day
  page.views, page.visits = page.views + 1, page.visits + visits
  page.visitors = page.visitors + visitors
  -- The page's newest day moves on; what it had becomes the day before, if it was that.
  if label > newest then
    page.before = newest == batch.days[day.before].label and text_of(page.today) or '0'
    page.day, page.today = label, 1
  elseif label == newest then
    page.today = page.today + 1
  elseif day.next == newest then
    -- A clock that is ahead may have begun tomorrow; today's views then go to the day before it.
    page.before = text_of(page.before + 1)
  end
  day.views, batch.views = day.views + 1, batch.views + 1
end

-- Whether one more view would bring a number past 2^53 - 1.
--   Asked before anything is counted, so that a total stays exact and the hit can be refused.
local function is_full(batch, page)
  if batch.views >= batch.full_views or batch.visits >= batch.full_visits then return true end
  -- Short numbers are far away from it, and nearly all are short.
  if #page.baseline < 16 and page.views < 1000000000000000 then return false end
  local views, visits = match(page.baseline, '^(%d+) (%d+)$')
  return page.views + views >= LARGEST or page.visits + visits >= LARGEST
end

-- Adds what a hit is to the delta.
--   label    of the site-day  hour  of it  what  a sum of IS_VIEW and its fellows
--   origin   source TAB channel
local function add_hit(batch, day, hour, what, path, origin, hit)
  local prefix = day.prefixes[hour]
  if not prefix then
    prefix = 'c\t' .. day.label .. '\t' .. SHORT[hour] .. '\t'
    day.prefixes[hour] = prefix
  end
  local field = prefix .. SHORT[what] .. '\t' .. path .. '\t' .. origin .. '\t'
    .. batch.combinations[hit[COMBINATION]]
  local add = batch.add
  add[field] = (add[field] or 0) + 1
end

-- Adds a visit's first view of a page, when the visit began in another hour or on another day.
--   home     label of the visit's site-day
local function add_page_visit(batch, visit, home, path, origin, hit)
  add_to(batch, 'c\t' .. home .. '\t' .. SHORT[visit.hour] .. '\t' .. SHORT[IS_PAGE_VISIT] .. '\t'
    .. path .. '\t' .. origin .. '\t' .. batch.combinations[hit[COMBINATION]], 1)
end

-- Adds what a later hit makes of its visit: that it is engaged, its first page, its last. All of it
-- goes to the hour that the visit began in.
--   home     label of the visit's site-day
--   path     that the hit counts under; nil for an event
--   ms       of the visit's record: an earlier view does not change which page was last
local function follow_visit(batch, visit, home, path, ms)
  local what, last = 0, visit.path
  if visit.engaged % UNSEEN == 0 then
    -- Until now there was one view at most, so the last page is the entry page.
    visit.engaged, what = visit.engaged + 1, ENGAGES
  end
  if path and (last == '' or ms >= visit.viewed) then
    visit.path, visit.viewed = path, ms
    if last == '' then
      what = what + BEGINS_TO_VIEW
    elseif path ~= last then
      what = what + MOVES
    end
  end
  if what == 0 then return end
  add_to(batch, 'v\t' .. home .. '\t' .. SHORT[visit.hour] .. '\t' .. SHORT[what] .. '\t' .. last
    .. '\t' .. (path or ''), 1)
end
