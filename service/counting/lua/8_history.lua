-- Histories of other tools --------------------------------------------------------------------
--
-- What an imported history adds to a day stands beside what was measured on it, under the day's
-- label and a plus sign. It is set and never added, so telling it twice changes nothing; and a
-- label with a plus sign sorts right behind the label, so it goes when the day goes.

-- history: what imported histories add to each of the site's days.
--   KEYS  1 luot:{S}:state  2 luot:{S}:days
--   ARGV  1 epoch  2... label, and "views visits visitors" or empty for none; at most 62 pairs
--   Returns 'OK'. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere.
local function history(keys, args)
  local no = refusal(read_state(keys[1]), args[1], COUNTING)
  if no then return no end
  for i = 2, #args, 2 do
    local field = args[i] .. '+'
    -- Most days have no history, and those that had one may have lost it to a correction.
    if args[i + 1] == '' then
      redis.call('HDEL', keys[2], field)
    else
      redis.call('HSET', keys[2], field, args[i + 1])
    end
  end
  return redis.status_reply('OK')
end
