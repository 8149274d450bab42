-- A number of hits, then no more: each on a path that nobody asked for before, or on usual pages.
-- When the last is written the other connections ask for /healthz, so that wrk cuts no hit short
-- when it stops; each hit's answer is looked at.
--
-- Arguments: 1, 2 as in `hits.lua`, 3 site, 4 host, 5 hits, 6 hits a second, 7 connections,
-- 8 "paths" or "pages".

local shared = dofile(os.getenv('BENCH_SCRIPTS') .. '/readers.lua')
local lists, there, place, number, site, host, wanted, gap, is_distinct, is_tried

-- What became of the hits.
local kept, queued, refused = 0, 0, 0

local BODY = '{"site":"%s","url":"https://%s%s","id":"p%015d-%010d",'
  .. '"referrer":"%s","title":"Bài viết số %d của cổng thông tin","width":1280,'
  .. '"language":"vi-VN","timezone":"Asia/Ho_Chi_Minh"}'

function init(args)
  lists = shared.begun(args)
  site, host, wanted, is_distinct = args[3], args[4], tonumber(args[5]), args[8] == 'paths'
  -- ms that each connection waits before it sends, were answers there at once.
  gap = 1000 * tonumber(args[7]) / tonumber(args[6])
  there, place, number = {}, 0, 0
  for reader = 1, lists.at_once do there[reader] = shared.new_reader(lists, host) end
end

function delay()
  return number < wanted and gap or 10
end

function request()
  -- The first request is one that wrk only tries and does not send.
  if not is_tried or number >= wanted then
    is_tried = true
    return wrk.format('GET', '/healthz')
  end
  place, number = place % #there + 1, number + 1
  local reader = there[place]
  reader.sent = reader.sent + 1
  local page = reader.pages[lists.visit[reader.sent]] - 1
  local path = string.format('/tin-tuc/bai-viet-%d.html', page)
  if is_distinct then
    path = string.format('/%08x/%x-%d.php', math.random(0, 2147483646), lists.run, number)
  end
  local from = reader.sent == 1 and reader.referrer or 'https://' .. host .. '/'
  local body = string.format(BODY, site, host, path, lists.run, number, from, page)
  if reader.sent == #lists.visit then there[place] = shared.new_reader(lists, host) end
  return wrk.format('POST', '/hit', reader.headers, body)
end

function response(status)
  -- 200 is the answer of /healthz; the door's own good answers are 204 and 202.
  if status == 204 then kept = kept + 1
  elseif status == 202 then queued = queued + 1
  elseif status ~= 200 then refused = refused + 1 end
  if kept + queued + refused < wanted then return end
  io.write(string.format('{"kept": %d, "queued": %d, "refused": %d}\n', kept, queued, refused))
  io.flush()
  -- wrk itself would sleep until its time is over.
  os.exit(0)
end

function done()
  io.stderr:write('not every hit had an answer\n')
end
