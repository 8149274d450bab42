-- Counting a batch -----------------------------------------------------------------------------

-- The part of a site's state that counting asks for; the same names as in read_state.
--   key      luot:{S}:state  producer  whose last seq is wanted
local function read_totals(key, producer)
  local got = call('HMGET', key, 'epoch', 'phase', 'server', 'views', 'visits', 'visitors',
    'events', 'baseline_views', 'baseline_visits', 'p:' .. producer, 'trend')
  return {
    epoch = got[1] or '', phase = got[2] or '', server = got[3] or '',
    views = tonumber(got[4] or 0), visits = tonumber(got[5] or 0),
    visitors = tonumber(got[6] or 0), events = tonumber(got[7] or 0),
    baseline_views = tonumber(got[8] or 0), baseline_visits = tonumber(got[9] or 0),
    last = tonumber(match(got[10] or '0', '^%d+')), trend = got[11],
  }
end

-- record: counts a batch of one site, once.
--   KEYS  1 luot:{S}:state  2 luot:{S}:pages  3 luot:{S}:days  4 luot:{S}:online
--         5 luot:{S}:delta  6 luot:{S}:trending; then for each day of the batch luot:{S}:salt:<day>,
--         luot:{S}:visitors:<day>, luot:{S}:views:<day>; then luot:{S}:ids:<slot> for each slot;
--         then luot:{S}:batch:<name> for each name
--   ARGV  1 epoch  2 producer  3 seq  4 now in ms  5 the batch, at most 500 items
--         6 ms: visitors seen later are online; empty: no numbers are wanted
--         7 file and 8 its lines that are done, for an import; else empty
--   Returns {'applied', {result of each item}, numbers or false}; {'known', last seq} when it was
--   applied before; {'gap', last seq} when a batch before it is missing. LUOTEPOCH, LUOTSERVER,
--   LUOTPHASE as everywhere; LUOTBATCH: it is no batch. Whatever is not 'applied' wrote nothing.
local function record(keys, args)
  take_tools()
  local producer, seq, now = args[2], tonumber(args[3]), tonumber(args[4])
  local totals = read_totals(keys[1], producer)
  local no = refusal(totals, args[1], COUNTING)
  if no then return no end
  -- The same seq makes a batch that was sent twice harmless; a gap shows that one was lost.
  if seq <= totals.last then return {'known', digits(totals.last)} end
  if seq > totals.last + 1 then return {'gap', digits(totals.last)} end
  local batch, why = open_batch(keys, args[5])
  if not batch then return redis.error_reply('LUOTBATCH ' .. why) end

  batch.full_views = LARGEST - totals.views - totals.baseline_views
  batch.full_visits = LARGEST - totals.visits - totals.baseline_visits
  begin_trends(batch, totals.trend, now)
  read_all_ahead(batch)
  local results, paths = count_all(batch, now)
  -- How far an import has come is kept with what it counted, in the same delta.
  if args[7] ~= '' then batch.put['i\t' .. args[7]] = args[8] end
  put_notes(batch, producer, seq)
  write_batch(batch, totals, now, producer, seq)
  write_trends(batch, now)

  -- In phase count something may still be missing, so no number is shown.
  if args[6] == '' or totals.phase ~= 'open' then return {'applied', results, false} end
  local today = batch.days[#batch.days].views_key
  local site_keys = {keys[1], keys[2], keys[3], keys[4], today}
  return {'applied', results, read_numbers(site_keys, read_state(keys[1]), args[6], paths)}
end
