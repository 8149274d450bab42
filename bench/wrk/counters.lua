-- Each request asks for the numbers of twenty pages that hardly anybody asked for together.

local shared = dofile(os.getenv('BENCH_SCRIPTS') .. '/readers.lua')
local lists

local PAGES_ASKED = 20

function init(args)
  lists = shared.begun(args)
end

function request()
  local asked = { '/counters?site=' .. lists.site }
  for page = 1, PAGES_ASKED do
    asked[page + 1] = string.format('&path=/tin-tuc/bai-viet-%d.html', math.random(lists.pages) - 1)
  end
  return wrk.format('GET', table.concat(asked))
end

function done(summary, latency)
  shared.tell(summary, latency)
end
