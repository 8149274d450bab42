-- Producers -----------------------------------------------------------------------------------
--
-- A producer is a worker that sends batches under numbers that count up, so that none is applied
-- twice and none is left out. After a loss each of them says again what it has, and no number is
-- shown before all have arrived.

-- standings: where a site stands, and some producers in it; also when nobody confirmed it.
--   KEYS  1 luot:{S}:state
--   ARGV  producers, at most 1,000
--   Returns {run id of this process, epoch, phase, server, round, {{last seq, owed} ...}}; the
--   first five are texts, empty where there is none.
local function standings(keys, args)
  local got = redis.call('HMGET', keys[1], 'epoch', 'phase', 'server', 'round')
  local rows = {}
  for i, producer in ipairs(args) do
    local row = redis.call('HMGET', keys[1], 'p:' .. producer, 'o:' .. producer)
    rows[i] = {string.match(row[1] or '0', '^%d+'), row[2] or '0'}
  end
  return {server(), got[1] or '', got[2] or '', got[3] or '', got[4] or '', rows}
end

-- arrive: a producer has told all that it had to tell in this round.
--   KEYS  1 luot:{S}:state
--   ARGV  1 epoch  2 producer  3 round, as standings gives it; with the number 0: it has only said
--         who was seen, too late for that
--   Returns 1, or 0 when another round has begun, or another process has heard it. LUOTEPOCH,
--   LUOTSERVER, LUOTPHASE as everywhere.
local function arrive(keys, args)
  local state = read_state(keys[1])
  local no = refusal(state, args[1], COUNTING_OR_REMEMBERING)
  if no then return no end
  local number, process = string.match(args[3], '^(%d+) (%S+)$')
  if process ~= server() then return 0 end
  local is_late = number == '0'
  if not is_late and redis.call('HGET', keys[1], 'round') ~= args[3] then return 0 end
  -- Whoever has said who was seen is not asked for it again.
  if is_late or state.phase == 'remember' then redis.call('HDEL', keys[1], 'o:' .. args[2]) end
  if not is_late then redis.call('HSET', keys[1], 'a:' .. args[2], args[3]) end
  return 1
end

-- skip: notes that batches of a producer are lost, so that those behind them can be counted.
--   KEYS  1 luot:{S}:state  2 luot:{S}:delta
--   ARGV  1 epoch  2 producer  3 last seq before the gap  4 last seq in it  5 now in ms
--         6 site-day and 7 hour where the loss is noted  8 hits that were lost
--         9 batches of which that is not known
--   Returns 1, or 0 when the gap is not there. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere.
local function skip(keys, args)
  local state = read_state(keys[1], args[2])
  local no = refusal(state, args[1], COUNTING)
  if no then return no end
  if state.last ~= tonumber(args[3]) then return 0 end
  redis.call('HSET', keys[1], 'p:' .. args[2], args[4] .. ' ' .. args[5])
  redis.call('HSET', keys[2], 'p\t' .. args[2], args[4])
  local at = 'f\t' .. args[6] .. '\t' .. args[7] .. '\t'
  if args[8] ~= '0' then redis.call('HINCRBY', keys[2], at .. 'lost', args[8]) end
  if args[9] ~= '0' then redis.call('HINCRBY', keys[2], at .. 'lost_batches', args[9]) end
  return 1
end

-- retire: forgets producers that will never send again.
--   KEYS  1 luot:{S}:state
--   ARGV  1 epoch  2... producers, at most 1,000
--   Returns how many there were. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere.
local function retire(keys, args)
  local no = refusal(read_state(keys[1]), args[1], COUNTING_OR_REMEMBERING)
  if no then return no end
  local fields = {}
  for i = 2, #args do
    for _, kind in ipairs({'p:', 'o:', 'a:'}) do fields[#fields + 1] = kind .. args[i] end
  end
  if #fields == 0 then return 0 end
  return redis.call('HDEL', keys[1], unpack(fields))
end
