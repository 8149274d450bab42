-- Each request is another hit: an id of its own, one of the pages, and a reader who sends four
-- hits on three of them. Readers take turns, as they do in `traffic.py`.

local shared = dofile(os.getenv('BENCH_SCRIPTS') .. '/readers.lua')
local lists, there, place, number

local BODY = '{"site":"%s","url":"https://%s/tin-tuc/bai-viet-%d.html","id":"r%015d-%010d",'
  .. '"referrer":"%s","title":"Bài viết số %d của cổng thông tin","width":1280,'
  .. '"language":"vi-VN","timezone":"Asia/Ho_Chi_Minh"}'

-- One of a list, by chance.
local function any(list)
  return list[math.random(#list)]
end

-- A reader who has not sent anything.
local function new_reader()
  local address = string.format('%d.%d.%d.%d', any(lists.networks),
    math.random(254), math.random(254), math.random(254))
  return {
    pages = { math.random(lists.pages), math.random(lists.pages), math.random(lists.pages) },
    referrer = any(lists.referrers),
    sent = 0,
    headers = {
      ['Origin'] = 'https://' .. lists.host,
      ['User-Agent'] = any(lists.agents),
      ['X-Forwarded-For'] = address,
      ['Content-Type'] = 'text/plain',
    },
  }
end

function init(args)
  lists = shared.begun(args)
  there, place, number = {}, 0, 0
  for reader = 1, lists.at_once do there[reader] = new_reader() end
end

function request()
  place, number = place % #there + 1, number + 1
  local reader = there[place]
  reader.sent = reader.sent + 1
  local page = reader.pages[lists.visit[reader.sent]] - 1
  local from = reader.sent == 1 and reader.referrer or 'https://' .. lists.host .. '/'
  local body = string.format(BODY, lists.site, lists.host, page, lists.run, number, from, page)
  if reader.sent == #lists.visit then there[place] = new_reader() end
  return wrk.format('POST', '/hit', reader.headers, body)
end

function done(summary, latency)
  shared.tell(summary, latency)
end
