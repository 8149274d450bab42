-- What is read now, what is read together, and what pages are called -----------------------------
--
-- The score of a page is its views, each worth half for every half-life that has passed. Nothing is
-- ever made smaller for that: a view is added with the weight that it has over one at a landmark in
-- the past, 2 ^ (half-lives between), and all scores compare as they are. Only when weights have
-- grown far the landmark moves to now, and one command brings all scores along.
--
-- Which pages a reader read is known for the reader's day alone, and only the first of them: each
-- new one makes a pair with those before it. A pair is a number in the delta that says no more of
-- whose it was, and it is shown only where enough readers made it.

-- Pages that keep a score when there are too many, and how many more there may be until then. With
-- room to spare a page that is new can gather views before it is judged.
local TREND_PAGES, TREND_SPARE = 500, 500

-- Half-lives between the landmark and now after which it moves: 2 ^ 200 views are far from 2 ^ 1023.
local FARTHEST = 200

-- Half-lives after which a view is worth nothing: less than a millionth.
local OLDEST = 20

-- Characters of a page, and of a title, in what is kept here: 36 bits.
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
--   at       when it was, in ms since 1970  now  likewise
--   Old views of a journal or a log are worth what is left of them, and those of years ago nothing.
local function note_trend(batch, path, at, now)
  local landmark, half_life = batch.landmark, batch.half_life
  if not landmark or path == OTHER or now - at > OLDEST * half_life then return end
  local trends = batch.trends
  trends[path] = (trends[path] or 0) + 2 ^ ((min(at, now) - landmark) / half_life)
end

-- Writes the scores of the pages that the batch touched: one read and one write for all of them.
--   The pages with least go once there are too many.
local function write_trends(batch)
  local key, paths, list = batch.trending_key, {}, {}
  if batch.rescale then
    if batch.rescale > 0 then
      call('ZUNIONSTORE', key, 1, key, 'WEIGHTS', format('%.17g', batch.rescale))
    end
    call('HSET', batch.state_key, 'trend', digits(batch.landmark) .. ' ' .. digits(batch.half_life))
  end
  for path in pairs(batch.trends) do paths[#paths + 1] = path end
  if #paths == 0 then return end
  local old = call('ZMSCORE', key, unpack(paths))
  for i = 1, #paths do
    local path = paths[i]
    list[2 * i - 1] = format('%.17g', (tonumber(old[i] or 0)) + batch.trends[path])
    list[2 * i] = path
  end
  if call('ZADD', key, unpack(list)) > 0 and call('ZCARD', key) > TREND_PAGES + TREND_SPARE then
    call('ZREMRANGEBYRANK', key, 0, -TREND_PAGES - 1)
  end
end

-- Notes that a reader of pages has begun to read one more.
--   visitor  record of read_visitor; its trail gets the page
--   place    of the visitor and the page among the day's pairs
--   A pair has its pages in one order, whichever was read first.
local function note_together(batch, day, visitor, place)
  local trail, page, add = visitor.trail, sub(day.pairs[place], 11), batch.add
  if not batch.related or #trail >= TRAIL * SHORT_DIGEST then return end
  local prefix = day.together
  if not prefix then
    prefix = 'r\t' .. day.label .. '\t'
    day.together = prefix
  end
  for at = 1, #trail, SHORT_DIGEST do
    local other = sub(trail, at, at + SHORT_DIGEST - 1)
    if other == page then return end
    local field = prefix .. (other < page and other .. page or page .. other)
    add[field] = (add[field] or 0) + 1
  end
  visitor.trail = trail .. page
end

-- Notes what a hit calls its page. Anybody can send one hit, so a title is confirmed when a second
-- visitor of the day has sent it; until then it is only the newest.
--   hit[TITLE]  place of {text, its digest, place of the page's field among the day's pairs}; a bare
--               text in batches that were packed before there was a digest
--   The field is the digest that is confirmed, or blanks, and then a digest and who sent it.
local function note_title(batch, day, hit, path)
  local title = hit[TITLE] and batch.titles[hit[TITLE]]
  if not title or path == OTHER then return end
  if type(title) == 'string' then
    batch.put['t\t' .. path] = title
    return
  end
  local text, digest, place = title[1], title[2], title[3]
  local who = sub(day.visitors[hit[VISITOR]], 1, 10)
  local known = day.seen[place] or ''
  local confirmed = sub(known, 1, SHORT_DIGEST) == digest
  if not confirmed and sub(known, SHORT_DIGEST + 1, 2 * SHORT_DIGEST) == digest then
    confirmed = sub(known, 2 * SHORT_DIGEST + 1) ~= who
    if confirmed then known = digest end
  elseif not confirmed then
    known = (known == '' and '      ' or sub(known, 1, SHORT_DIGEST)) .. digest .. who
  end
  if day.seen[place] ~= known then
    day.seen[place], day.changed_pairs[place] = known, known
  end
  batch.put[(confirmed and 's\t' or 't\t') .. path] = text
end

-- trending: the pages that are read most now.
--   KEYS  1 luot:{S}:state  2 luot:{S}:pages  3 luot:{S}:trending
--   ARGV  1 how many pages, at most 200
--   Returns {when a number last changed in ms, landmark, half-life, {path, score ...}, {row or false
--   ...}}; a row is as in luot:{S}:pages. LUOTEPOCH, LUOTSERVER, LUOTPHASE: the site is not open.
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
  return {state.changed, landmark, half_life, found, rows}
end
