-- Each request is another hit: an id of its own, one of the pages, and a reader who sends four
-- hits on three of them. Readers take turns, as they do in `traffic.py`.

local shared = dofile(os.getenv('BENCH_SCRIPTS') .. '/readers.lua')
local lists, there, place, number

local BODY = '{"site":"%s","url":"https://%s/tin-tuc/bai-viet-%d.html","id":"r%015d-%010d",'
  .. '"referrer":"%s","title":"Bài viết số %d của cổng thông tin","width":1280,'
  .. '"language":"vi-VN","timezone":"Asia/Ho_Chi_Minh"}'

function init(args)
  lists = shared.begun(args)
  there, place, number = {}, 0, 0
  for reader = 1, lists.at_once do there[reader] = shared.new_reader(lists, lists.host) end
end

function request()
  place, number = place % #there + 1, number + 1
  local reader = there[place]
  reader.sent = reader.sent + 1
  local page = reader.pages[lists.visit[reader.sent]] - 1
  local from = reader.sent == 1 and reader.referrer or 'https://' .. lists.host .. '/'
  local body = string.format(BODY, lists.site, lists.host, page, lists.run, number, from, page)
  if reader.sent == #lists.visit then there[place] = shared.new_reader(lists, lists.host) end
  return wrk.format('POST', '/hit', reader.headers, body)
end

function done(summary, latency)
  shared.tell(summary, latency)
end
