-- remember: puts back who was seen by the hits of a batch, whose numbers the site has already.
--   KEYS  as record
--   ARGV  1 epoch  2 now in ms  3 the batch
--   Returns 'OK'. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere; LUOTBATCH: it is no batch.
local function remember(keys, args)
  local state = read_state(keys[1])
  local no = refusal(state, args[1], COUNTING_OR_REMEMBERING)
  if no then return no end
  local batch, why = open_batch(keys, args[3])
  if not batch then return redis.error_reply('LUOTBATCH ' .. why) end
  local now = tonumber(args[2])
  read_all_ahead(batch)
  for _, item in ipairs(batch.items) do
    if item[KIND] ~= FILTERED then count(batch, state, item, now) end
  end
  for _, day in ipairs(batch.days) do write_day(day, now) end
  write_memory(batch, now)
  return redis.status_reply('OK')
end
