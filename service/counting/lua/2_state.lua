-- Where a site stands -----------------------------------------------------------------------
--
-- A site is born by create, or given back by begin, load and finish. Each life of it has an epoch,
-- and whoever acts for an older one is refused. The process that answers for the site has to be
-- confirmed: one that was started anew, or took over from another, may have lost its last moments,
-- and nothing is counted or shown before somebody has compared it with SQL.

-- The run id of this process. It is asked for once: a process has one, and after a restart, a
-- failover or a moved slot this line runs in another one.
--   Returns 40 hexadecimal digits.
local run_id
local function server()
  if not run_id then
    run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  end
  return run_id
end

-- The site's state as a table, numbers as numbers. One command, however much the hash holds.
--   key        luot:{S}:state
--   producer   whose last seq is wanted, or nil
local function read_state(key, producer)
  local got = redis.call('HMGET', key, 'epoch', 'phase', 'server', 'tip', 'number', 'views',
    'visits', 'visitors', 'baseline_views', 'baseline_visits', 'changed', 'restoring',
    'baseline_version', 'p:' .. (producer or ''), 'corrected')
  return {
    epoch = got[1] or '', phase = got[2] or '', server = got[3] or '', tip = got[4] or '',
    number = tonumber(got[5] or 0), views = tonumber(got[6] or 0), visits = tonumber(got[7] or 0),
    visitors = tonumber(got[8] or 0), baseline_views = tonumber(got[9] or 0),
    baseline_visits = tonumber(got[10] or 0), changed = got[11] or '0',
    restoring = got[12] or '', baseline_version = got[13] or '0',
    last = tonumber(string.match(got[14] or '0', '^%d+')), corrected = tonumber(got[15] or 0),
  }
end

-- Where a page has moved, as its row says.
--   row   of luot:{S}:pages
--   Returns its new path and the digest of that; nil when it has not moved.
local function moved_to(row)
  local digest, path = string.match(row, '^> (%S+) (.*)$')
  return path, digest
end

-- The row of a page, where it stands now.
--   key   luot:{S}:pages  path  as it is asked for  row  what stands there; false: nothing
--   Returns the row, or false, and the path that it stands under.
local function row_now(key, path, row)
  for _ = 1, MOST_MOVES do
    local further = row and moved_to(row)
    if not further then return row, path end
    path, row = further, redis.call('HGET', key, further)
  end
  return false, path
end

-- Why a call may not go on, as an error reply, or nil when it may.
--   state   of read_state
--   epoch   the caller's
--   phases  table: the phases in which this is allowed are its keys
local function refusal(state, epoch, phases)
  if state.server ~= server() then
    return redis.error_reply('LUOTSERVER this server is not confirmed for the site')
  end
  if state.epoch ~= epoch then
    return redis.error_reply('LUOTEPOCH the site has epoch ' .. state.epoch)
  end
  if not phases[state.phase] then
    return redis.error_reply('LUOTPHASE the site is in phase ' .. state.phase)
  end
  return nil
end

local COUNTING = {count = true, open = true}
local COUNTING_OR_REMEMBERING = {remember = true, count = true, open = true}
local OPEN = {open = true}

-- status: where a site stands, also when nobody confirmed it.
--   KEYS  1 luot:{S}:state
--   ARGV  -
--   Returns {run id of this process, epoch, phase, server, tip, number, baseline_version,
--   corrected}; texts, empty where there is none.
local function status(keys)
  local state = read_state(keys[1])
  return {server(), state.epoch, state.phase, state.server, state.tip, digits(state.number),
    state.baseline_version, digits(state.corrected)}
end

-- Begins a phase: whoever has to say something in it has not said it yet.
--   key      luot:{S}:state
--   now      ms since 1970
--   A round is named by a number and by the process that began it. A file that has lost its end has
--   lost rounds as well, and the same number would come again for one in which nobody has spoken.
local function begin_phase(key, phase, now)
  local before = string.match(redis.call('HGET', key, 'round') or '0', '^%d+')
  local round = digits(tonumber(before) + 1) .. ' ' .. server()
  redis.call('HSET', key, 'phase', phase, 'since', now, 'round', round)
end

-- create: the first life of a site that neither Redis nor SQL has any number of.
--   KEYS  1 luot:{S}:state
--   ARGV  1 epoch  2 tip: SQL's head  3 now in ms
--   Returns 'OK'. LUOTEPOCH: Redis has the site, or is being given it.
local function create(keys, args)
  local state = read_state(keys[1])
  if state.epoch ~= '' or state.restoring ~= '' then
    return redis.error_reply('LUOTEPOCH the site exists')
  end
  redis.call('HSET', keys[1], 'epoch', args[1], 'tip', args[2], 'server', server())
  begin_phase(keys[1], 'count', args[3])
  return redis.status_reply('OK')
end

-- begin: starts to restore a site, when the epoch is above its own. Nothing is counted or shown
-- from here on; what the site had goes by clear.
--   KEYS  1 luot:{S}:state
--   ARGV  1 epoch
--   Returns 'OK'. LUOTEPOCH: this epoch is not above the site's.
local function begin(keys, args)
  local state = read_state(keys[1])
  local known = math.max(tonumber(state.epoch) or 0, tonumber(state.restoring) or 0)
  if tonumber(args[1]) <= known then
    return redis.error_reply('LUOTEPOCH the site has epoch ' .. digits(known))
  end
  redis.call('UNLINK', keys[1])
  redis.call('HSET', keys[1], 'restoring', args[1], 'server', server(), 'phase', 'load')
  return redis.status_reply('OK')
end

-- Why a call of a restore may not go on, as an error reply, or nil when it may.
local function restore_refusal(state, epoch)
  if state.server ~= server() then
    return redis.error_reply('LUOTSERVER this server is not the one that is being restored')
  end
  if state.restoring ~= epoch then
    return redis.error_reply('LUOTEPOCH another restore is under way')
  end
  return nil
end

-- clear: removes what is left of the site's life before. It may be an older state of the site, or
-- say of hits that are about to be counted again that they were seen.
--   KEYS  1 luot:{S}:state  2... other keys of the site, at most 1,000
--   ARGV  1 epoch
--   Returns how many there were. LUOTEPOCH, LUOTSERVER: another restore took over.
local function clear(keys, args)
  local no = restore_refusal(read_state(keys[1]), args[1])
  if no then return no end
  return redis.call('UNLINK', unpack(keys, 2))
end

-- load: puts a chunk of what SQL holds into a site that is being restored.
--   KEYS  1 luot:{S}:state  2 one of luot:{S}:state, luot:{S}:pages, luot:{S}:days
--   ARGV  1 epoch  2... field, value, at most 500 pairs
--   Returns 'OK'. LUOTEPOCH, LUOTSERVER: another restore took over.
local function load(keys, args)
  local no = restore_refusal(read_state(keys[1]), args[1])
  if no then return no end
  redis.call('HSET', keys[2], unpack(args, 2))
  return redis.status_reply('OK')
end

-- finish: everything is loaded; from here on the site has its new epoch.
--   KEYS  1 luot:{S}:state
--   ARGV  1 epoch  2 tip: SQL's head  3 the phase that follows  4 now in ms
--   Returns 'OK'. LUOTEPOCH, LUOTSERVER: another restore took over.
local function finish(keys, args)
  local no = restore_refusal(read_state(keys[1]), args[1])
  if no then return no end
  redis.call('HSET', keys[1], 'epoch', args[1], 'tip', args[2])
  redis.call('HDEL', keys[1], 'restoring')
  begin_phase(keys[1], args[3], args[4])
  return redis.status_reply('OK')
end

-- confirm: the caller has compared the site with SQL and found that nothing is missing.
--   KEYS  1 luot:{S}:state
--   ARGV  1 epoch  2 tip that was compared  3 run id that was compared  4 now in ms
--   Returns the phase. LUOTEPOCH: the site changed meanwhile. LUOTSERVER: the server did.
local function confirm(keys, args)
  local state = read_state(keys[1])
  if args[3] ~= server() then
    return redis.error_reply('LUOTSERVER this is another server than the one compared')
  end
  if state.epoch ~= args[1] or state.tip ~= args[2] or state.restoring ~= '' then
    return redis.error_reply('LUOTEPOCH the site changed while it was compared')
  end
  local phase = state.phase == 'remember' and 'remember' or 'count'
  redis.call('HSET', keys[1], 'server', args[3])
  begin_phase(keys[1], phase, args[4])
  return phase
end

-- advance: one phase is over and the next begins; nothing when that happened already.
--   KEYS  1 luot:{S}:state
--   ARGV  1 epoch  2 the phase that is over  3 the phase that follows  4 now in ms
--   Returns the phase that holds afterwards. LUOTEPOCH, LUOTSERVER, LUOTPHASE as everywhere.
local function advance(keys, args)
  local state = read_state(keys[1])
  local no = refusal(state, args[1], COUNTING_OR_REMEMBERING)
  if no then return no end
  if state.phase ~= args[2] then return state.phase end
  begin_phase(keys[1], args[3], args[4])
  return args[3]
end

-- baseline: what an older counter had counted, set and never added.
--   KEYS  1 luot:{S}:state  2 luot:{S}:pages
--   ARGV  1 epoch  2 version, or empty while more is to come
--         3... path, views, visits; the empty path is the site; at most 300 triples
--   Returns 'OK'. LUOTLIMIT: a total would pass 2^53 - 1; nothing was set.
local function baseline(keys, args)
  local state = read_state(keys[1])
  local no = refusal(state, args[1], COUNTING)
  if no then return no end
  local site, pages = {}, {}
  for i = 3, #args, 3 do
    local path, views, visits = args[i], tonumber(args[i + 1]), tonumber(args[i + 2])
    if path == '' then
      if state.views + views > LARGEST or state.visits + visits > LARGEST then
        return redis.error_reply('LUOTLIMIT the total of the site')
      end
      site[#site + 1] = 'baseline_views'; site[#site + 1] = digits(views)
      site[#site + 1] = 'baseline_visits'; site[#site + 1] = digits(visits)
    else
      local row
      row, path = row_now(keys[2], path, redis.call('HGET', keys[2], path))
      row = row or NO_NUMBERS
      local measured, had = string.match(row, '^(%d+) (%d+) ')
      if tonumber(measured) + views > LARGEST or tonumber(had) + visits > LARGEST then
        return redis.error_reply('LUOTLIMIT the total of a page')
      end
      pages[#pages + 1] = path
      pages[#pages + 1] = string.match(row, '^%d+ %d+ %d+ %S+ %d+ %d+ ')
        .. digits(views) .. ' ' .. digits(visits)
    end
  end
  if args[2] ~= '' then
    site[#site + 1] = 'baseline_version'; site[#site + 1] = args[2]
  end
  call_in_chunks('HSET', keys[1], site)
  call_in_chunks('HSET', keys[2], pages)
  return redis.status_reply('OK')
end

-- Reading -------------------------------------------------------------------------------------

-- What pages are shown: numbers of the site and of some of its pages.
--   keys   {state, pages, days, online, views of today}
--   state  of read_state
--   since  visitors whose last hit is later than this are online, in ms
--   paths  pages that are asked for
-- Returns {{views, visits, visitors, baseline_views, baseline_visits, changed}, online,
-- {day, row ...}, {row or false ...}, pages in all, new pages today, 1 if there is (other)};
-- numbers of the site as texts.
local function read_numbers(keys, state, since, paths)
  local rows = {}
  if #paths > 0 then rows = redis.call('HMGET', keys[2], unpack(paths)) end
  -- A page that has moved shows the numbers of where it is now.
  for i, path in ipairs(paths) do rows[i] = row_now(keys[2], path, rows[i]) end
  return {
    {digits(state.views), digits(state.visits), digits(state.visitors),
      digits(state.baseline_views), digits(state.baseline_visits), state.changed},
    redis.call('ZCOUNT', keys[4], '(' .. since, '+inf'),
    redis.call('HGETALL', keys[3]),
    rows,
    redis.call('HLEN', keys[2]),
    tonumber(redis.call('HGET', keys[5], '#pages') or 0),
    redis.call('HEXISTS', keys[2], OTHER),
  }
end

-- numbers: what pages are shown. It writes nothing, so an unknown page makes no key.
--   KEYS  1 luot:{S}:state  2 luot:{S}:pages  3 luot:{S}:days  4 luot:{S}:online
--         5 luot:{S}:views:<today>
--   ARGV  1 epoch, or empty for any  2 ms: visitors seen later are online  3... paths, at most 200
--   Returns as read_numbers. LUOTEPOCH, LUOTSERVER, LUOTPHASE: the site is not open.
local function numbers(keys, args)
  local state = read_state(keys[1])
  local no = refusal(state, args[1] == '' and state.epoch or args[1], OPEN)
  if no then return no end
  return read_numbers(keys, state, args[2], {unpack(args, 3)})
end
