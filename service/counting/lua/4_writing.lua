-- Writing what a batch decided ----------------------------------------------------------------
--
-- Until here nothing was written, so a batch that could not be read left no trace. From here on
-- nothing is decided: every value is known, and no command below can fail on its arguments.

-- The text of a row: its old numbers, if any, and what is added.
--   old      text, or nil when there is none yet
--   row      list of numbers
local function sum(old, row)
  if old then
    local i = 0
    for number in string.gmatch(old, '%S+') do
      i = i + 1
      row[i] = row[i] + (tonumber(number) or 0)
    end
  end
  return table.concat(row, ' ')
end

-- Adds every row to the delta: one read and one write for CHUNK / 2 fields.
--   Rows are summed over the batch before, so that a field is read and written once however many
--   hits changed it.
local function write_delta(batch)
  -- All old rows are read before the first is written.
  local fields, list = {}, {}
  for field in pairs(batch.add) do fields[#fields + 1] = field end
  for first = 1, #fields, CHUNK / 2 do
    local last = math.min(first + CHUNK / 2 - 1, #fields)
    local old = redis.call('HMGET', batch.delta_key, unpack(fields, first, last))
    for i = first, last do
      list[#list + 1] = fields[i]
      list[#list + 1] = sum(old[i - first + 1], batch.add[fields[i]])
    end
  end
  for field, value in pairs(batch.put) do
    list[#list + 1] = field; list[#list + 1] = value
  end
  call_in_chunks('HSET', batch.delta_key, list)
end

-- A table's fields and values, one behind the other.
--   map      field -> value
--   to_text  what is done to each value; nil: nothing
local function flat(map, to_text)
  local list = {}
  for field, value in pairs(map) do
    list[#list + 1] = field
    list[#list + 1] = to_text and to_text(value) or value
  end
  return list
end

-- Writes what is known of a day's visitors, and gives the day's keys their life:
-- until 24 hours after the day's end, but a day that was opened again 24 hours from now.
--   day      of the batch
--   now      ms since 1970
--   A day that only lent yesterday's visits is not touched, so its end does not move.
local function write_day(day, now)
  call_in_chunks('HSET', day.visitors_key, flat(day.changed_visitors, cmsgpack.pack))
  call_in_chunks('HSET', day.views_key, flat(day.changed_pairs))
  call_in_chunks('HSET', day.values_key, flat(day.changed_values))
  if not day.touched then return end
  -- Relative to now, never to the day: a log of ten years ago must not expire as it is written.
  local ttl = digits(math.max(day.stop + DAY_MS - now, DAY_MS))
  redis.call('PEXPIRE', day.salt_key, ttl)
  redis.call('PEXPIRE', day.visitors_key, ttl)
  redis.call('PEXPIRE', day.views_key, ttl)
  redis.call('PEXPIRE', day.values_key, ttl)
end

-- Adds to the numbers of the site's days, and lets the oldest go when a new one begins.
--   A back-dated hit of a day that has gone changes the all-time numbers and the delta only.
local function write_days(batch)
  for _, day in ipairs(batch.days) do
    if day.label >= batch.oldest and day.views + day.visits + day.uniques > 0 then
      local row = redis.call('HGET', batch.days_key, day.label)
      -- The days' hash is looked through only when it gets a day that it had not.
      if not row then
        for _, label in ipairs(redis.call('HKEYS', batch.days_key)) do
          if label < batch.oldest then redis.call('HDEL', batch.days_key, label) end
        end
      end
      redis.call('HSET', batch.days_key, day.label, sum(row, {day.views, day.visits, day.uniques}))
    end
  end
end

-- Writes the numbers of the pages that the batch touched.
--   Eight numbers of a page stand in one text: a field for each would take three times the memory.
local function write_pages(batch)
  local list = {}
  for path, page in pairs(batch.pages) do
    if page and page.changed then
      list[#list + 1] = path
      list[#list + 1] = string.format('%.0f %.0f %.0f %s %.0f %.0f %.0f %.0f', unpack(page, 1, 8))
    end
  end
  call_in_chunks('HSET', batch.pages_key, list)
end

-- Writes ids, names of batches and who is online.
--   GT keeps the later time when hits of a visitor come out of order.
local function write_memory(batch, now)
  for _, slot in ipairs(batch.slots) do
    if #slot.added > 0 then
      redis.call('SADD', slot.key, unpack(slot.added))
      redis.call('EXPIRE', slot.key, IDS_TTL)
    end
  end
  for _, key in ipairs(batch.name_keys) do redis.call('SET', key, '1', 'EX', BATCH_TTL) end
  if #batch.online > 0 then
    -- After midnight a reader has a new name; the old one is not there any more.
    if #batch.offline > 0 then redis.call('ZREM', batch.online_key, unpack(batch.offline)) end
    redis.call('ZADD', batch.online_key, 'GT', unpack(batch.online))
    redis.call('ZREMRANGEBYSCORE', batch.online_key, '-inf', digits(now - ONLINE_MS))
    redis.call('EXPIRE', batch.online_key, IDS_TTL)
  end
end

-- Writes everything that a batch decided.
--   producer  whose batch it is  seq  its number
--   The watermark travels with the increments, so SQL learns both in one transaction.
local function write_batch(batch, now, producer, seq)
  for _, day in ipairs(batch.days) do write_day(day, now) end
  write_days(batch)
  write_pages(batch)
  write_memory(batch, now)
  -- In the delta as well: SQL has to know how far this producer's batches are in it.
  batch.put['p\t' .. producer] = digits(seq)
  write_delta(batch)
  local key = batch.state_key
  redis.call('HSET', key, 'p:' .. producer, digits(seq) .. ' ' .. digits(now))
  if batch.views > 0 then redis.call('HINCRBY', key, 'views', batch.views) end
  if batch.visits > 0 then redis.call('HINCRBY', key, 'visits', batch.visits) end
  if batch.visitors > 0 then redis.call('HINCRBY', key, 'visitors', batch.visitors) end
  if batch.events > 0 then redis.call('HINCRBY', key, 'events', batch.events) end
  if batch.views + batch.visits + batch.visitors > 0 then
    redis.call('HSET', key, 'changed', digits(now))
  end
end
