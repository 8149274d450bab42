-- Counting ------------------------------------------------------------------------------------
--
-- One hit after the other is decided on what Redis holds and what the hits before it in the batch
-- have changed. Views count under their own values, a visit and a visitor under those of the first
-- hit, so the values of a dimension with one value for each hit add up to the total.

-- Adds a view to the numbers of the site and of its page.
--   new      {1, 1 if the visit is new, 1 if the visitor is}: for the site
--   of_page  the same for the page
--   home     the site-day and hour that the page's visit belongs to
--   path     that it counts under
local function add_view(batch, hit, path, new, of_page, home, home_hour)
  local day = batch.days[hit[DAY]]
  local page = page_to_change(batch, day, path)
  add_to_page(batch, hit, page, of_page[VISITS], of_page[VISITORS])
  day.views, batch.views = day.views + 1, batch.views + 1
  for measure = VIEWS, VISITORS do
    if new[measure] > 0 then add_hour(batch, day.label, hit[HOUR], '', measure, 1) end
    if of_page[measure] > 0 then
      local is_home = measure == VISITS
      add_hour(batch, is_home and home or day.label, is_home and home_hour or hit[HOUR], path,
        measure, 1)
    end
  end
  if hit[TITLE] ~= '' and path ~= OTHER then batch.put['t\t' .. path] = hit[TITLE] end
end

-- Adds an event to the numbers of the site and of its page, and the visit that it began, if any.
--   new      {0, 1 if the visit is new, 1 if the visitor is}
local function add_event(batch, hit, path, new)
  local day = batch.days[hit[DAY]]
  page_to_change(batch, day, path)
  batch.events = batch.events + 1
  add_hour(batch, day.label, hit[HOUR], '', EVENTS, 1)
  add_hour(batch, day.label, hit[HOUR], path, EVENTS, 1)
  for measure = VISITS, VISITORS do
    if new[measure] > 0 then add_hour(batch, day.label, hit[HOUR], '', measure, 1) end
  end
end

-- Counts a hit whose site-day was closed before it came: who was seen then is forgotten, so it is
-- a view or an event and no more.
--   page_id  8 characters, or (other)
--   Returns the result in one word.
--   Nobody is remembered, so nothing of it can be a repeat by visitor; its id was asked for.
local function count_late(batch, hit, path, page_id)
  local day = batch.days[hit[DAY]]
  local is_view = hit[KIND] == VIEW and 1 or 0
  local new = {is_view, 0, 0}
  add_filtered(batch, day.label, hit[HOUR], 'late')
  if hit[KIND] == ENGAGEMENT then return 'counted' end
  if hit[KIND] == VIEW then
    add_view(batch, hit, path, new, new, day.label, hit[HOUR])
  else
    add_event(batch, hit, path, new)
  end
  add_dimensions(batch, hit, path, page_id, nil, new, new, day.label)
  return 'counted'
end

-- Adds the seconds that a visitor gave to a page; they extend a visit and begin none.
--   visitor  record of read_visitor  ms  of the day
--   Seconds go to the day they arrive on, whenever the view was.
local function count_engagement(batch, hit, path, visitor, ms)
  local day = batch.days[hit[DAY]]
  local number = nearest_visit(visitor, ms)
  if number then
    extend(visitor[number], ms)
    day.changed_visitors[hit[VISITOR]] = visitor
  elseif hit[VISITOR_BEFORE] ~= '' then
    -- Just after midnight the visit that is read on may still be yesterday's alone.
    extend_before(batch, hit)
  end
  if hit[SECONDS] > 0 then
    page_to_change(batch, day, path)
    add_hour(batch, day.label, hit[HOUR], '', ENGAGED_SECONDS, hit[SECONDS])
    add_hour(batch, day.label, hit[HOUR], path, ENGAGED_SECONDS, hit[SECONDS])
  end
  return 'counted'
end

-- Counts a view or an event of a day that is not closed: decides visitor, visit and page.
--   visitor  record of read_visitor, without a visit when the visitor is new
--   ms       of the day
--   Returns the result in one word.
local function count_fresh(batch, hit, path, page_id, visitor, ms)
  local day = batch.days[hit[DAY]]
  local is_view = hit[KIND] == VIEW
  -- A record without a visit is one that was made a moment ago, for this hit.
  local is_new_visitor = #visitor == 2 and 1 or 0
  local number, visit, is_new, is_latest = join_visit(batch, hit, visitor, ms)
  day.changed_visitors[hit[VISITOR]] = visitor
  local new = {is_view and 1 or 0, is_new and 1 or 0, is_new_visitor}
  local home = visit[HOME] ~= '' and visit[HOME] or day.label
  local of_page = {0, 0, 0}
  follow_visit(batch, hit, visit, path, is_latest)
  if is_view then
    local by_visit, by_visitor, visits = has_viewed(batch, hit, page_id, number, visit)
    of_page = {1, by_visit and 0 or 1, by_visitor and 0 or 1}
    if not string.find(visits, ' ' .. number .. ' ', 1, true) then
      visits = visits .. number .. ' '
    end
    write_pair(day, hit[VISITOR], page_id, batch.double_click > 0 and ms or nil, visits)
    if page_id ~= hit[PAGE] and batch.double_click > 0 then
      write_pair(day, hit[VISITOR], hit[PAGE], ms, ' ')
    end
    add_view(batch, hit, path, new, of_page, home, visit[VISIT_HOUR])
  else
    add_event(batch, hit, path, new)
  end
  add_dimensions(batch, hit, path, page_id, visit, new, of_page, home)
  day.visits, batch.visits = day.visits + new[VISITS], batch.visits + new[VISITS]
  day.uniques, batch.visitors = day.uniques + is_new_visitor, batch.visitors + is_new_visitor
  return 'counted'
end

-- Decides one hit and adds it up. Returns its result in one word.
--   state    of read_state  now  ms since 1970
--   The cheapest question comes first: a repeat is asked for one id, a flood for one number.
local function count(batch, state, hit, now)
  -- A repeat is one whatever else it says: it must not even move a time.
  if is_repeated(batch, hit) then return 'duplicate' end
  local day = batch.days[hit[DAY]]
  local path, page_id = path_of(batch, day, hit)
  if hit[KIND] == VIEW and is_full(batch, state, path) then return 'limit' end
  -- From here on the hit is settled, counted or filtered, so its next copy is a repeat.
  remember_id(batch, hit)
  day.touched = true
  if not hit[TRUSTED] and now >= day.stop + DAY_MS then
    return count_late(batch, hit, path, page_id)
  end
  local visitor, ms = read_visitor(day, hit[VISITOR]), hit[MS] - day.start
  if is_flood(batch, hit, visitor) then
    add_filtered(batch, day.label, hit[HOUR], 'flood')
    return 'flood'
  end
  if is_double_click(batch, hit) then
    add_filtered(batch, day.label, hit[HOUR], 'double_click')
    return 'double_click'
  end
  -- Who is online is a question of now: an old hit from a journal or a log does not answer it.
  if hit[MS] > now - ONLINE_MS then
    batch.online[#batch.online + 1] = digits(hit[MS])
    batch.online[#batch.online + 1] = hit[VISITOR]
  end
  if hit[KIND] == ENGAGEMENT then return count_engagement(batch, hit, path, visitor, ms) end
  return count_fresh(batch, hit, path, page_id, visitor, ms)
end

-- record: counts a batch of one site, once.
--   KEYS  1 luot:{S}:state  2 luot:{S}:pages  3 luot:{S}:days  4 luot:{S}:online
--         5 luot:{S}:delta; then for each day of the batch luot:{S}:salt:<day>,
--         luot:{S}:visitors:<day>, luot:{S}:views:<day>, luot:{S}:values:<day>; then
--         luot:{S}:ids:<slot> for each slot; then luot:{S}:batch:<name> for each name
--   ARGV  1 epoch  2 producer  3 seq  4 now in ms  5 the batch, at most 500 items
--         6 ms: visitors seen later are online; empty: no numbers are wanted
--         7 file and 8 its lines that are done, for an import; else empty
--   Returns {'applied', {result of each item}, numbers or false}; {'known', last seq} when it was
--   applied before; {'gap', last seq} when a batch before it is missing. LUOTEPOCH, LUOTSERVER,
--   LUOTPHASE as everywhere; LUOTBATCH: it is no batch. Whatever is not 'applied' wrote nothing.
local function record(keys, args)
  local producer, seq, now = args[2], tonumber(args[3]), tonumber(args[4])
  local state = read_state(keys[1], producer)
  local no = refusal(state, args[1], COUNTING)
  if no then return no end
  -- The same seq makes a batch that was sent twice harmless; a gap shows that one was lost.
  if seq <= state.last then return {'known', digits(state.last)} end
  if seq > state.last + 1 then return {'gap', digits(state.last)} end
  local batch, why = open_batch(keys, args[5])
  if not batch then return redis.error_reply('LUOTBATCH ' .. why) end

  read_all_ahead(batch)
  local results, paths = {}, {}
  for i, item in ipairs(batch.items) do
    -- A batch that is sent again adds nothing, not even what was filtered of it.
    if item[KIND] == FILTERED and batch.names[item[FILTERED_NAME]] then
      results[i] = 'duplicate'
    elseif item[KIND] == FILTERED then
      add_filtered(batch, batch.days[item[DAY]].label, item[HOUR], item[REASON])
      results[i] = 'filtered'
    else
      results[i] = count(batch, state, item, now)
      paths[#paths + 1] = item[PATH]
    end
  end
  -- How far an import has come is kept with what it counted, in the same delta.
  if args[7] ~= '' then batch.put['i\t' .. args[7]] = args[8] end
  write_batch(batch, now, producer, seq)

  -- In phase count something may still be missing, so no number is shown.
  if args[6] == '' or state.phase ~= 'open' then return {'applied', results, false} end
  local today = batch.days[#batch.days].values_key
  local site_keys = {keys[1], keys[2], keys[3], keys[4], today}
  return {'applied', results, read_numbers(site_keys, read_state(keys[1]), args[6], paths)}
end
