-- What is read now, what is read together, and what pages are called -----------------------------
--
-- The score of a page is its views, each worth half for every half-life that has passed. Nothing is
-- ever made smaller for that: a view is added with the weight that it has over one at a landmark in
-- the past, 2 ^ (half-lives between), and all scores compare as they are. Only when weights have
-- grown far the landmark moves to now, and one command brings all scores along.
--
-- Which pages a reader read is known for the reader's day alone, and only the first of them. Each
-- new one stands in the delta with those before it, and SQL is told of pairs, which say no more of
-- whose they were and are shown only where enough readers made them.

-- Pages that keep a score when there are too many, and how many more there may be until then. With
-- room to spare a page that is new can gather views before it is judged.
local TREND_PAGES, TREND_SPARE = 500, 500

-- Half-lives between the landmark and now after which it moves: 2 ^ 200 views are far from 2 ^ 1023.
local FARTHEST = 200

-- Half-lives after which a view is worth nothing: less than a millionth.
local OLDEST = 20

-- Of how many views of a page one is looked at where too many pages have a score.
local SEEN = 8

-- Worth of a score below which a page has none where too many have one: one view four half-lives ago.
local WORTHLESS = 0.06

-- Characters of a page in what is kept here: 36 bits.
local SHORT_DIGEST = 6

-- Pages of a reader's day that make pairs. Whoever reads on makes no more of them, so a machine that
-- reads everything says little.
local TRAIL = 10

-- Lays down from where the views of a batch are weighed.
--   trend    of the site's state, "landmark half-life" in ms; false when there is none
--   now      ms since 1970
--   Another half-life than before begins at a landmark of its own.
local function begin_trends(batch, trend, now)
  local half_life = batch.half_life
  if half_life == 0 then return end
  local landmark, before = match(trend or '', '^(%d+) (%d+)$')
  landmark, before = tonumber(landmark), tonumber(before)
  if landmark and before == half_life and now - landmark < FARTHEST * half_life then
    batch.landmark = landmark
    return
  end
  batch.landmark = now
  -- A clock that went back must not make numbers that no float holds.
  batch.rescale = landmark and 2 ^ min((landmark - now) / before, FARTHEST) or 0
end

-- Weighs a view of a page.
--   page     of the batch  at  when it was, in ms since 1970  now  likewise
--   Old views of a journal or a log are worth what is left of them, and those of years ago nothing.
local function note_trend(batch, page, at, now)
  local landmark, half_life = batch.landmark, batch.half_life
  if not landmark or page.path == OTHER or now - at > OLDEST * half_life then return end
  local trends = batch.trends
  trends[page] = (trends[page] or 0) + 2 ^ ((min(at, now) - landmark) / half_life)
  page.fresh = page.fresh + 1
end

-- What the views of this batch add to a page's score; nil for nothing.
--   weight   of these views
--   Where too many pages have a score one view of eight is looked at, which then stands for eight.
local function gain(page, weight, is_full)
  if not is_full then return weight end
  local times = floor(page.views / SEEN) - floor((page.views - page.fresh) / SEEN)
  return times > 0 and weight * times * SEEN / page.fresh or nil
end

-- How many pages have a score, once those that nobody reads any more have none.
--   now      ms since 1970
local function count_scores(batch, now)
  local many = call('ZCARD', batch.trending_key)
  if many < TREND_PAGES then return many end
  local least = WORTHLESS * 2 ^ ((now - batch.landmark) / batch.half_life)
  return many - call('ZREMRANGEBYSCORE', batch.trending_key, '-inf', format('%.10g', least))
end

-- Moves the landmark to where this batch has begun.
local function move_landmark(batch)
  local key = batch.trending_key
  if batch.rescale > 0 then
    call('ZUNIONSTORE', key, 1, key, 'WEIGHTS', format('%.17g', batch.rescale))
  else
    call('UNLINK', key)
  end
  call('HSET', batch.state_key, 'trend', digits(batch.landmark) .. ' ' .. digits(batch.half_life))
end

-- Writes the scores of the pages that the batch touched: one read and one write for all of them.
--   now      ms since 1970
--   The pages with least go once there are too many.
local function write_trends(batch, now)
  if batch.rescale then move_landmark(batch) end
  if next(batch.trends) == nil then return end
  local key, paths, gains, list = batch.trending_key, {}, {}, {}
  local many = count_scores(batch, now)
  local is_full = many >= TREND_PAGES
  for page, weight in pairs(batch.trends) do
    local more = gain(page, weight, is_full)
    if more then
      paths[#paths + 1] = page.path; gains[#paths] = more
    end
  end
  if #paths == 0 then return end
  local old = call('ZMSCORE', key, unpack(paths))
  for i = 1, #paths do
    list[2 * i - 1] = format('%.10g', (old[i] or 0) + gains[i]); list[2 * i] = paths[i]
  end
  if many + call('ZADD', key, unpack(list)) > TREND_PAGES + TREND_SPARE then
    call('ZREMRANGEBYRANK', key, 0, -TREND_PAGES - 1)
  end
end

-- Notes that a reader of pages has begun to read one more.
--   number   of the visitor on the day, whose trail gets the page
--   place    of the visitor and the page among the day's pairs
--   What is noted is the page and those before it; pairs are made of them behind Redis.
local function note_together(batch, day, number, place)
  local trail = day.trails[number] or ''
  if not batch.related or #trail >= TRAIL * SHORT_DIGEST then return end
  trail = sub(day.pairs[place], 11) .. trail
  day.trails[number] = trail
  if #trail == SHORT_DIGEST then return end
  local together = day.together
  if not together then
    together = {}
    day.together = together
  end
  together[#together + 1] = trail
end

-- Puts into the delta who called a page how, and what was read together: one field for the batch,
-- and one for each of its days. A field for each vote and each pair would cost ten times as much.
--   producer  whose batch it is  seq  its number: no other batch has these fields
local function put_notes(batch, producer, seq)
  if #batch.votes > 0 then
    batch.put['n\t' .. producer .. ' ' .. digits(seq)] = table.concat(batch.votes)
  end
  for _, day in ipairs(batch.days) do
    if day.together then
      local field = 'r\t' .. day.label .. '\t' .. producer .. ' ' .. digits(seq)
      batch.put[field] = table.concat(day.together, ' ')
    end
  end
end

-- Notes what a hit calls its page, which is what it is called for now.
--   is_new   whether its visitor has viewed the page for the first time that day
--   Anybody can send one hit, so the delta also says how many visitors called it so, each once.
local function note_title(batch, hit, path, is_new)
  local title = hit[TITLE]
  if not title or path == OTHER then return end
  batch.put['t\t' .. path] = batch.titles[title]
  if is_new and batch.marks then batch.votes[#batch.votes + 1] = batch.marks[title] end
end

-- trending: the pages that are read most now.
--   KEYS  1 luot:{S}:state  2 luot:{S}:pages  3 luot:{S}:trending
--   ARGV  1 how many pages, at most 200
--   Returns {when a number last changed in ms, landmark, half-life, {path, score ...}, {row or false
--   ...}}; a row is as in luot:{S}:pages. A page that has moved has the path and the row of where it
--   is now, beside that page's own. LUOTEPOCH, LUOTSERVER, LUOTPHASE: the site is not open.
local function trending(keys, args)
  local state = read_state(keys[1])
  local no = refusal(state, state.epoch, OPEN)
  if no then return no end
  local trend = redis.call('HGET', keys[1], 'trend') or '0 1'
  local landmark, half_life = string.match(trend, '^(%d+) (%d+)$')
  local found = redis.call('ZRANGE', keys[3], 0, args[1] - 1, 'REV', 'WITHSCORES')
  local paths, rows = {}, {}
  for i = 1, #found, 2 do paths[#paths + 1] = found[i] end
  if #paths > 0 then rows = redis.call('HMGET', keys[2], unpack(paths)) end
  for i, path in ipairs(paths) do rows[i], found[2 * i - 1] = row_now(keys[2], path, rows[i]) end
  return {state.changed, landmark, half_life, found, rows}
end
