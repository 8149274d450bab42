-- Pages and dimensions ------------------------------------------------------------------------

-- The path that a hit counts under: its own, or (other) when it is new and a cap is reached.
local function path_of(batch, day, hit)
  if read_page(batch, hit[PATH]) then return hit[PATH], hit[PAGE] end
  local today = tonumber(read_once(day.values, day.values_key, '#pages') or 0)
  if not batch.many_pages then batch.many_pages = redis.call('HLEN', batch.pages_key) end
  if batch.many_pages + batch.new_pages >= batch.pages_total or today >= batch.pages_per_day then
    return OTHER, OTHER
  end
  return hit[PATH], hit[PAGE]
end

-- The numbers of a page that a view is about to change; a new page begins at nothing.
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
local function add_to_page(batch, hit, page, visits, visitors)
  local label = batch.days[hit[DAY]].label
  local before = batch.days[hit[DAY_BEFORE]].label
  page[1], page[2], page[3] = page[1] + 1, page[2] + visits, page[3] + visitors
  if label > page[4] then
    page[6] = page[4] == before and page[5] or 0
    page[4], page[5] = label, 0
  end
  if label == page[4] then page[5] = page[5] + 1 end
end

-- Whether one more view would bring a number past 2^53 - 1.
local function is_full(batch, state, path)
  local page = read_page(batch, path)
  return state.views + state.baseline_views + batch.views >= LARGEST
    or state.visits + state.baseline_visits + batch.visits >= LARGEST
    or (page ~= nil and (page[1] + page[7] >= LARGEST or page[2] + page[8] >= LARGEST))
end

-- Adds measures of a hit to one row of a dimension.
--   measures  {views, visits, visitors}  home  the site-day that the visit belongs to
local function add_value(batch, label, home, path, name, value, measures)
  for measure = VIEWS, VISITORS do
    if measures[measure] > 0 then
      local day = measure == VISITS and home or label
      add(batch, 'd\t' .. day .. '\t' .. path .. '\t' .. name .. '\t' .. value, 4, measure, 1)
    end
  end
end

-- Adds an event to one row of a dimension.
local function add_event_value(batch, label, path, value)
  add(batch, 'd\t' .. label .. '\t' .. path .. '\tevent\t' .. value, 4, DIMENSION_EVENTS, 1)
end

-- Adds a hit to every dimension it has a value for.
--   visit  the visit it belongs to, or nil; a hit from the site itself has its visit's source
--   new    {views, visits, visitors} that it adds to the site  of_page  and to the page
--   home   the site-day that the page's visit belongs to
local function add_dimensions(batch, hit, path, page_id, visit, new, of_page, home)
  local day = batch.days[hit[DAY]]
  local adds = new[VIEWS] + new[VISITS] + new[VISITORS] > 0
  for place, dimension in ipairs(batch.dimensions) do
    local name, flags = dimension[1], dimension[2]
    local is_event = name == 'event'
    for _, value in ipairs((adds or is_event) and hit[VALUES][place] or {}) do
      if flags >= IS_STICKY and hit[INTERNAL] and visit then
        value = place == 1 and visit[SOURCE] or visit[CHANNEL]
      end
      local shown, on_page, number = value, value, nil
      if flags % 2 >= IS_OPEN then shown, number = site_value(batch, day, name, value) end
      local of_pages = flags % 4 >= IS_OF_PAGES
      if of_pages and flags % 2 >= IS_OPEN then
        on_page = page_value(batch, day, page_id, place, value, number)
      end
      if is_event then
        add_event_value(batch, day.label, '', shown)
        if of_pages then add_event_value(batch, day.label, path, on_page) end
      else
        add_value(batch, day.label, day.label, '', name, shown, new)
        if of_pages then add_value(batch, day.label, home, path, name, on_page, of_page) end
      end
    end
  end
end
