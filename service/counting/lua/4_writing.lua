-- Writing what a batch decided ----------------------------------------------------------------
--
-- Until here nothing was written, so a batch that could not be read left no trace. From here on
-- nothing is decided: every value is known, and no command below can fail on its arguments.

-- Adds every row to the delta: one read and one write for CHUNK / 2 fields.
--   Rows are summed over the batch before, so that a field is read and written once however many
--   hits changed it.
local function write_delta(batch)
  local add, fields, list = batch.add, {}, {}
  for field in pairs(add) do fields[#fields + 1] = field end
  -- All old rows are read before the first is written.
  for first = 1, #fields, CHUNK / 2 do
    local last = min(first + CHUNK / 2 - 1, #fields)
    local old = call('HMGET', batch.delta_key, unpack(fields, first, last))
    for i = first, last do
      local field, known = fields[i], old[i - first + 1]
      list[2 * i - 1] = field
      list[2 * i] = text_of(known and known + add[field] or add[field])
    end
  end
  for field, value in pairs(batch.put) do
    list[#list + 1] = field; list[#list + 1] = value
  end
  call_in_chunks('HSET', batch.delta_key, list)
end

-- Writes what is known of a day's visitors, and gives the day's keys their life:
-- until 24 hours after the day's end, but a day that was opened again 24 hours from now.
--   day      of the batch  now  ms since 1970
--   A day that only lent yesterday's visits is not touched, so its end does not move.
local function write_day(day, now)
  local list, visitors, pairs_ = {}, day.visitors, day.pairs
  for number, record in pairs(day.changed_records) do
    list[#list + 1] = visitors[number]; list[#list + 1] = pack_record(record, day.trails[number] or '')
  end
  call_in_chunks('HSET', day.visitors_key, list)
  list = {}
  for number, text in pairs(day.changed_pairs) do
    list[#list + 1] = pairs_[number]; list[#list + 1] = text
  end
  if day.changed_pages then
    list[#list + 1] = '#pages'; list[#list + 1] = text_of(day.new_pages)
  end
  call_in_chunks('HSET', day.views_key, list)
  -- Until the day is over its keys have one end, which they were given with their first field.
  if not day.touched or (now < day.stop and day.has_visitors and day.has_views) then return end
  -- Relative to now, never to the day: a log of ten years ago must not expire as it is written.
  local ttl = digits(max(day.stop + DAY_MS - now, DAY_MS))
  call('PEXPIRE', day.salt_key, ttl)
  call('PEXPIRE', day.visitors_key, ttl)
  call('PEXPIRE', day.views_key, ttl)
end

-- Site-days that are kept, counted and not reckoned from today: a clock that jumps ahead for a moment
-- takes one with it, and not all.
local DAYS_KEPT = 62

-- Lets the oldest days go that are too many.
--   A day that was imported as well has a second field, its label with a "+".
local function drop_days(key)
  local labels, days, known = call('HKEYS', key), {}, {}
  for _, label in ipairs(labels) do
    local day = sub(label, 1, 10)
    if not known[day] then known[day] = true; days[#days + 1] = day end
  end
  if #days < DAYS_KEPT then return end
  table.sort(days)
  -- One more is about to come.
  local oldest = days[#days - DAYS_KEPT + 2] or ''
  for _, label in ipairs(labels) do
    if label < oldest then call('HDEL', key, label) end
  end
end

-- Adds to the numbers of the site's days, and lets the oldest go when a new one begins.
--   A back-dated hit of a day that has gone changes the all-time numbers and the delta only.
local function write_days(batch)
  for _, day in ipairs(batch.days) do
    if day.label >= batch.oldest and day.views + day.visits + day.uniques > 0 then
      local row = call('HGET', batch.days_key, day.label)
      -- The days' hash is looked through only when it gets a day that it had not.
      if not row then drop_days(batch.days_key) end
      local views, visits, uniques = match(row or '0 0 0', '^(%d+) (%d+) (%d+)')
      call('HSET', batch.days_key, day.label, text_of(views + day.views) .. ' '
        .. text_of(visits + day.visits) .. ' ' .. text_of(uniques + day.uniques))
    end
  end
end

-- Writes the numbers of the pages that the batch touched.
--   Eight numbers of a page stand in one text: a field for each would take three times the memory.
local function write_pages(batch)
  local list = {}
  for _, page in pairs(batch.pages) do
    if page.changed then
      list[#list + 1] = page.path
      list[#list + 1] = text_of(page.views) .. ' ' .. text_of(page.visits) .. ' '
        .. text_of(page.visitors) .. ' ' .. page.day .. ' ' .. text_of(page.today) .. ' '
        .. page.before .. ' ' .. page.baseline
    end
  end
  call_in_chunks('HSET', batch.pages_key, list)
end

-- Writes who was seen: visitors, what they viewed, ids, names of batches and who is online.
--   GT keeps the later time when hits of a visitor come out of order.
local function write_seen(batch, now)
  for _, day in ipairs(batch.days) do write_day(day, now) end
  for _, slot in ipairs(batch.slots) do
    if slot.added then
      call('SADD', slot.key, unpack(slot.added))
      call('EXPIRE', slot.key, IDS_TTL)
    end
  end
  for _, key in ipairs(batch.name_keys) do call('SET', key, '1', 'EX', BATCH_TTL) end
  local list = {}
  for who, at in pairs(batch.online) do list[#list + 1] = at; list[#list + 1] = who end
  if #list > 0 then
    -- After midnight a reader has a new name; the old one is not there any more.
    if #batch.offline > 0 then call('ZREM', batch.online_key, unpack(batch.offline)) end
    call('ZADD', batch.online_key, 'GT', unpack(list))
    call('ZREMRANGEBYSCORE', batch.online_key, '-inf', digits(now - ONLINE_MS))
    call('EXPIRE', batch.online_key, IDS_TTL)
  end
end

-- Adds the views of each minute to what is written to the state.
--   list   field, value, field, value ...; gets two of each for each minute
--   A batch has views of one or two minutes, so this is one command more for a batch, whatever is
--   in it. Old hits, from a journal or a log, are of no minute that anybody asks for.
local function add_minutes(batch, now, list)
  local newest, minutes, fields = floor(now / 60000), {}, {}
  for minute in pairs(batch.minutes) do
    if minute > newest - MINUTES / 2 and minute < newest + MINUTES / 2 then
      minutes[#minutes + 1] = minute; fields[#fields + 1] = 'm:' .. SHORT[minute % MINUTES]
    end
  end
  if #fields == 0 then return end
  local known = call('HMGET', batch.state_key, unpack(fields))
  for i, minute in ipairs(minutes) do
    local of, views = match(known[i] or '', '^(%d+) (%d+)$')
    local had = of and of + 0 == minute and views or 0
    list[#list + 1] = fields[i]
    list[#list + 1] = text_of(minute) .. ' ' .. text_of(had + batch.minutes[minute])
  end
end

-- Writes the site's all-time numbers, and how far the producer has come.
--   totals    of read_totals
local function write_totals(batch, totals, now, producer, seq)
  local at = digits(now)
  local list = {'p:' .. producer, digits(seq) .. ' ' .. at}
  for _, name in ipairs{'views', 'visits', 'visitors', 'events'} do
    if batch[name] > 0 then
      list[#list + 1] = name; list[#list + 1] = digits(totals[name] + batch[name])
    end
  end
  if batch.views + batch.visits + batch.visitors > 0 then
    list[#list + 1] = 'changed'; list[#list + 1] = at
  end
  add_minutes(batch, now, list)
  call('HSET', batch.state_key, unpack(list))
end

-- Writes everything that a batch decided.
--   producer  whose batch it is  seq  its number
--   The watermark travels with the increments, so SQL learns both in one transaction.
local function write_batch(batch, totals, now, producer, seq)
  write_seen(batch, now)
  write_days(batch)
  write_pages(batch)
  -- In the delta as well: SQL has to know how far this producer's batches are in it.
  batch.put['p\t' .. producer] = digits(seq)
  batch.put['l\trules'] = batch.rules
  write_delta(batch)
  write_totals(batch, totals, now, producer, seq)
end
