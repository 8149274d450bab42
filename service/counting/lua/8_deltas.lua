-- Deltas --------------------------------------------------------------------------------------

-- close_delta: sets the open delta aside, so that it can be added to SQL as it is.
--   KEYS  1 luot:{S}:state  2 luot:{S}:delta  3 luot:{S}:delta:<token>
--   ARGV  1 epoch  2 token: random, never used again
--   Returns 1 when there was something, 0 when nothing was open. LUOTEPOCH, LUOTSERVER, LUOTPHASE
--   as everywhere.
local function close_delta(keys, args)
  local state = read_state(keys[1])
  local no = refusal(state, args[1], COUNTING)
  if no then return no end
  -- An empty site closes nothing, so a quiet night makes no deltas.
  if redis.call('EXISTS', keys[2]) == 0 or redis.call('RENAMENX', keys[2], keys[3]) == 0 then
    return 0
  end
  local fields = redis.call('HLEN', keys[3]) + 5
  redis.call('HSET', keys[3], 'm\ttoken', args[2], 'm\tnumber', digits(state.number + 1),
    'm\tparent', state.tip, 'm\tepoch', args[1], 'm\tfields', digits(fields))
  redis.call('HSET', keys[1], 'tip', args[2], 'number', digits(state.number + 1))
  return 1
end

-- forget_delta: removes a closed delta that SQL has.
--   KEYS  1 luot:{S}:state  2 luot:{S}:delta:<token>
--   ARGV  1 epoch  2 token
--   Returns 1, or 0 when it was gone. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere.
local function forget_delta(keys, args)
  local no = refusal(read_state(keys[1]), args[1], COUNTING)
  if no then return no end
  return redis.call('UNLINK', keys[2])
end

-- close_day: removes who was seen on a site-day, and its salt.
--   KEYS  1 luot:{S}:state  2 luot:{S}:salt:<day>  3 luot:{S}:visitors:<day>
--         4 luot:{S}:views:<day>
--   ARGV  1 epoch
--   Returns how many keys there were; 0, too, when somebody has opened the day again: then its
--   keys have a life of their own. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere.
local function close_day(keys, args)
  local no = refusal(read_state(keys[1]), args[1], COUNTING)
  if no then return no end
  if redis.call('PTTL', keys[2]) >= 0 then return 0 end
  return redis.call('UNLINK', keys[2], keys[3], keys[4])
end

-- salt: the salt of a site-day, drawn by whoever asks first.
--   KEYS  1 luot:{S}:state  2 luot:{S}:salt:<day>
--   ARGV  1 hexadecimal digits, used when there is none yet  2 its life in ms
--         3 remember: the digits are those that hits were counted with, so they may be given back
--         before the site counts again; else empty
--   Returns the salt that all hosts use. LUOTSERVER, LUOTPHASE: the salt may yet be given back.
local function salt(keys, args)
  local state = read_state(keys[1])
  local no = refusal(state, state.epoch, args[3] == '' and COUNTING or COUNTING_OR_REMEMBERING)
  if no then return no end
  -- Two that ask at once get one salt: functions run one after the other.
  local drawn = redis.call('GET', keys[2])
  if drawn then return drawn end
  redis.call('SET', keys[2], args[1], 'PX', args[2])
  return args[1]
end
