-- Corrections ---------------------------------------------------------------------------------
--
-- SQL is where a correction is decided and kept; here its steps are applied, each once and in its
-- place, because they are numbered and the last one that was applied stands in the site's state.
-- A step adds signed numbers, so it makes no difference which hits are counted before or after it.

-- Adds to the views of a page on a day, of which a page keeps the newest two.
--   page     of parse_page  label  of the day  n  signed  previous  label -> label of the day before
--   What belongs to an older day is in the totals only; a number never falls below zero.
local function add_to_day(page, label, n, previous)
  if label == page.day then
    page.today = max(0, page.today + n)
  elseif label == previous[page.day] then
    page.before = max(0, page.before + n)
  elseif label > page.day and n > 0 then
    page.before = previous[label] == page.day and page.today or 0
    page.day, page.today = label, n
  end
end

-- The numbers of a page, as a table that add_to_day and write_corrected take.
--   key   luot:{S}:pages
--   Returns nil when the page has moved; a page without numbers has none of each.
local function page_to_correct(key, path)
  local page = parse_page(path, call('HGET', key, path) or NO_NUMBERS)
  if page then page.before = page.before + 0 end
  return page
end

-- Writes the numbers of a page that was corrected.
--   Numbers are whole and not below zero.
local function write_corrected(key, page)
  call('HSET', key, page.path, text_of(max(0, page.views)) .. ' ' .. text_of(max(0, page.visits))
    .. ' ' .. text_of(max(0, page.visitors)) .. ' ' .. page.day .. ' ' .. text_of(page.today)
    .. ' ' .. text_of(page.before) .. ' ' .. page.baseline)
end

-- Moves a page: all its numbers go to another one, and whatever is counted of it from here on.
--   told  {path, the other's path, digest of that}
--   Baselines are not added up here: they are set, by whoever knows the sum.
local function move_page(key, told, previous)
  local from = page_to_correct(key, told[1])
  local _, path = row_now(key, told[2], call('HGET', key, told[2]))
  local to = page_to_correct(key, path)
  if from and to then
    to.views, to.visits = to.views + from.views, to.visits + from.visits
    to.visitors = to.visitors + from.visitors
    local before = previous[from.day]
    if before then add_to_day(to, before, from.before, previous) end
    add_to_day(to, from.day, from.today, previous)
    write_corrected(key, to)
  end
  call('HSET', key, told[1], '> ' .. told[3] .. ' ' .. told[2])
end

-- Adds signed numbers to a page.
--   told  {path, views, visits, visitors, {{label, views} ...}}, days in order
local function correct_page(key, told, previous)
  local row, path = row_now(key, told[1], call('HGET', key, told[1]))
  local page = parse_page(path, row or NO_NUMBERS)
  page.before = page.before + 0
  page.views, page.visits = page.views + told[2], page.visits + told[3]
  page.visitors = page.visitors + told[4]
  for _, day in ipairs(told[5]) do add_to_day(page, day[1], day[2], previous) end
  write_corrected(key, page)
end

-- Adds signed numbers to the site and its days.
--   site  {views, visits, visitors, events}  days  {{label, views, visits, visitors} ...}
--   A day that is not kept any more is left out.
local function correct_site(keys, site, days)
  for i, name in ipairs{'views', 'visits', 'visitors', 'events'} do
    if site[i] ~= 0 then
      local had = tonumber(call('HGET', keys[1], name) or 0)
      call('HSET', keys[1], name, digits(max(0, had + site[i])))
    end
  end
  for _, day in ipairs(days) do
    local row = call('HGET', keys[3], day[1])
    if row then
      local views, visits, uniques = match(row, '^(%d+) (%d+) (%d+)')
      call('HSET', keys[3], day[1], text_of(max(0, views + day[2])) .. ' '
        .. text_of(max(0, visits + day[3])) .. ' ' .. text_of(max(0, uniques + day[4])))
    end
  end
end

-- correct: applies one step of a correction, when it is the next one.
--   KEYS  1 luot:{S}:state  2 luot:{S}:pages  3 luot:{S}:days
--   ARGV  1 epoch  2 number of the step  3 now in ms  4 site-days that follow on each other, with
--         blanks between  5 the step, as MessagePack: {moved, back, site, days, pages}; moved and
--         pages as above, together at most 300; back are paths that have numbers of their own again
--   Returns the number of the last step that is applied: above this one when it was applied before,
--   below when one before it is missing. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere.
local function correct(keys, args)
  take_tools()
  local state = read_state(keys[1])
  local no = refusal(state, args[1], COUNTING)
  if no then return no end
  local number = tonumber(args[2])
  if number ~= state.corrected + 1 then return digits(state.corrected) end
  local step, previous, last = cmsgpack.unpack(args[5]), {}, nil
  for label in string.gmatch(args[4], '%S+') do
    if last then previous[label] = last end
    last = label
  end
  for _, told in ipairs(step[1]) do move_page(keys[2], told, previous) end
  for _, path in ipairs(step[2]) do
    local row = call('HGET', keys[2], path)
    if row and moved_to(row) then call('HSET', keys[2], path, NO_NUMBERS) end
  end
  correct_site(keys, step[3], step[4])
  for _, told in ipairs(step[5]) do correct_page(keys[2], told, previous) end
  call('HSET', keys[1], 'corrected', digits(number), 'changed', args[3])
  return digits(number)
end
