-- Pages and dimensions ------------------------------------------------------------------------
--
-- Caps bound what strangers can make Redis hold: new pages of a day, pages in all, and values of
-- each open-ended dimension. What is over a cap counts under (other), as one page or one value, so
-- sums stay exact. A page or value that is known keeps its name whatever comes later.

-- The path that a hit counts under: its own, or (other) when it is new and a cap is reached.
--   Returns the path, and what stands for it in what a visitor has read.
local function path_of(batch, day, hit)
  if read_page(batch, hit[PATH]) then return hit[PATH], hit[PAGE] end
  -- New pages of a day are counted on the hit's own day, so that a night's import of an old log
  -- does not use up today's.
  local today = tonumber(read_once(day.values, day.values_key, '#pages') or 0)
  if not batch.many_pages then batch.many_pages = redis.call('HLEN', batch.pages_key) end
  if batch.many_pages + batch.new_pages >= batch.pages_total or today >= batch.pages_per_day then
    return OTHER, OTHER
  end
  return hit[PATH], hit[PAGE]
end

-- The numbers of a page that a view is about to change; a new page begins at nothing.
--   A page that is new takes a place under both caps; (other) takes none.
--   Returns the numbers that write_pages will write.
--   path     of path_of
local function page_to_change(batch, day, path)
  local page = read_page(batch, path)
  if not page then
    page = {0, 0, 0, day.label, 0, 0, 0, 0}
    batch.pages[path] = page
    if path ~= OTHER then
      batch.new_pages = batch.new_pages + 1
      local many = tonumber(read_once(day.values, day.values_key, '#pages') or 0) + 1
      day.values['#pages'] = digits(many)
      day.changed_values['#pages'] = digits(many)
    end
  end
  page.changed = true
  return page
end

-- Adds a view to a page's numbers, in the day that it belongs to; a page keeps two days.
--   visits, visitors  0 or 1
--   A view of a day before the two that are kept changes the totals only.
local function add_to_page(batch, hit, page, visits, visitors)
  local label = batch.days[hit[DAY]].label
  local before = batch.days[hit[DAY_BEFORE]].label
  -- A clock that is ahead may have begun tomorrow; today's views then go to the day before it.
  local is_newest = label >= page[4]
  page[1], page[2], page[3] = page[1] + 1, page[2] + visits, page[3] + visitors
  -- The page's newest day moves on; what it had becomes the day before, if it was that.
  if label > page[4] then
    page[6] = page[4] == before and page[5] or 0
    page[4], page[5] = label, 0
  end
  if is_newest then
    page[5] = page[5] + 1
  elseif batch.days[hit[DAY]].next == page[4] then
    page[6] = page[6] + 1
  end
end

-- Whether one more view would bring a number past 2^53 - 1.
--   Asked before anything is counted, so that a total stays exact and the hit can be refused.
local function is_full(batch, state, path)
  local page = read_page(batch, path)
  return state.views + state.baseline_views + batch.views >= LARGEST
    or state.visits + state.baseline_visits + batch.visits >= LARGEST
    or (page ~= nil and (page[1] + page[7] >= LARGEST or page[2] + page[8] >= LARGEST))
end

-- Adds measures of a hit to one row of a dimension.
--   row      of row_of  measures  {views, visits, visitors}
local function add_measures(row, measures)
  row[VIEWS] = row[VIEWS] + measures[VIEWS]
  row[VISITS] = row[VISITS] + measures[VISITS]
  row[VISITORS] = row[VISITORS] + measures[VISITORS]
end

-- The row of a value for the whole site on a day, found by the value as the hit has it.
--   place    of the dimension in the batch  is_open  whether its values are capped
--   Returns the row, and the value's number when it has one.
local function site_row(batch, day, place, name, value, is_open)
  local rows = day.site_rows[place]
  if not rows then
    rows = {}
    day.site_rows[place], day.numbers[place] = rows, {}
  end
  local row = rows[value]
  if not row then
    local shown, number = value, nil
    if is_open then shown, number = site_value(batch, day, name, value) end
    row = row_of(batch, 'd\t' .. day.label .. '\t\t' .. name .. '\t' .. shown, 0, 0, 0, 0)
    rows[value], day.numbers[place][value] = row, number
  end
  return row, day.numbers[place][value]
end

-- Adds a hit to the row of a value for its page; its visit may belong to the day before.
--   label    of the hit's site-day  home  of the visit's  value  the name it counts under
local function add_to_page_row(batch, label, home, path, name, value, of_page)
  local behind = '\t' .. path .. '\t' .. name .. '\t' .. value
  if home == label then
    add_measures(row_of(batch, 'd\t' .. label .. behind, 0, 0, 0, 0), of_page)
    return
  end
  add_measures(row_of(batch, 'd\t' .. label .. behind, 0, 0, 0, 0),
    {of_page[VIEWS], 0, of_page[VISITORS]})
  if of_page[VISITS] > 0 then
    add_measures(row_of(batch, 'd\t' .. home .. behind, 0, 0, 0, 0), {0, of_page[VISITS], 0})
  end
end

-- Adds one value of a dimension of a hit. Events have no visits and no visitors, only their number.
--   dimension  {name, flags}  place  its place in the batch
local function add_value(batch, hit, dimension, place, value, path, page_id, new, of_page, home)
  local day, name, flags = batch.days[hit[DAY]], dimension[1], dimension[2]
  -- The site's row first: it knows the number by which the page's row knows the value.
  local is_open, is_event = flags % 2 >= IS_OPEN, name == 'event'
  local row, number = site_row(batch, day, place, name, value, is_open)
  if is_event then
    row[DIMENSION_EVENTS] = row[DIMENSION_EVENTS] + 1
  else
    add_measures(row, new)
  end
  if flags % 4 < IS_OF_PAGES then return end
  if is_open then value = page_value(batch, day, page_id, place, value, number) end
  if is_event then
    local field = 'd\t' .. day.label .. '\t' .. path .. '\tevent\t' .. value
    row = row_of(batch, field, 0, 0, 0, 0)
    row[DIMENSION_EVENTS] = row[DIMENSION_EVENTS] + 1
  elseif of_page[VIEWS] > 0 then
    add_to_page_row(batch, day.label, home, path, name, value, of_page)
  end
end

-- Adds a hit to every dimension it has a value for.
--   visit    the visit it belongs to, or nil; a hit from the site itself has its visit's source
--   new      {views, visits, visitors} that it adds to the site  of_page  and to the page
--   home     the site-day that the page's visit belongs to
local function add_dimensions(batch, hit, path, page_id, visit, new, of_page, home)
  local adds = new[VIEWS] + new[VISITS] + new[VISITORS] > 0
  for place, dimension in ipairs(batch.dimensions) do
    local is_taken_over = dimension[2] >= IS_STICKY and hit[INTERNAL] and visit
    if adds or dimension[1] == 'event' then
      for _, value in ipairs(hit[VALUES][place]) do
        if is_taken_over then value = place == 1 and visit[SOURCE] or visit[CHANNEL] end
        add_value(batch, hit, dimension, place, value, path, page_id, new, of_page, home)
      end
    end
  end
end
