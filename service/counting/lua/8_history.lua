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

-- Whether one of a visitor's visits that viewed a page was under way at a moment.
--   text     packed record of the visitor  visits  characters of those that viewed the page
--   ms       of the day  slack  ms by which two clocks may differ
local function was_there(text, visits, ms, slack)
  local record = parse_record(text)
  for number = 3, #record do
    local visit = record[number]
    if find(visits, char(FIRST_VISIT - 3 + number), 1, true)
      and ms >= visit.start - slack and ms <= visit.stop + slack then
      return true
    end
  end
  return false
end

-- seen: which of these views were counted already, as far as who was seen that day tells.
--   KEYS  1 luot:{S}:state  2 luot:{S}:visitors:<day>  3 luot:{S}:views:<day>
--   ARGV  1 ms by which two clocks may differ  2... visitor, page, ms of the day; at most 300
--   Returns 1 or 0 for each. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere.
local function seen(keys, args)
  take_tools()
  local state = read_state(keys[1])
  local no = refusal(state, state.epoch, COUNTING)
  if no then return no end
  local answers = {}
  for i = 2, #args, 3 do
    local visitor, page, ms = args[i], args[i + 1], tonumber(args[i + 2])
    local visits = call('HGET', keys[3], sub(visitor, 1, 10) .. sub(page, 1, 6))
    local text = visits and call('HGET', keys[2], visitor)
    local there = text and was_there(text, match(visits, '^[^ ]*'), ms, tonumber(args[1]))
    answers[#answers + 1] = there and 1 or 0
  end
  return answers
end
