-- Names: the version is part of each, because two versions may have to live side by side --------

redis.register_function('luot_v1_create', create)
redis.register_function('luot_v1_begin', begin)
redis.register_function('luot_v1_clear', clear)
redis.register_function('luot_v1_load', load)
redis.register_function('luot_v1_finish', finish)
redis.register_function('luot_v1_confirm', confirm)
redis.register_function('luot_v1_advance', advance)
redis.register_function('luot_v1_arrive', arrive)
redis.register_function('luot_v1_skip', skip)
redis.register_function('luot_v1_retire', retire)
redis.register_function('luot_v1_baseline', baseline)
redis.register_function('luot_v1_correct', correct)
redis.register_function('luot_v1_history', history)
redis.register_function('luot_v1_record', record)
redis.register_function('luot_v1_remember', remember)
redis.register_function('luot_v1_close_delta', close_delta)
redis.register_function('luot_v1_forget_delta', forget_delta)
redis.register_function('luot_v1_close_day', close_day)
redis.register_function('luot_v1_salt', salt)
redis.register_function{function_name = 'luot_v1_status', callback = status, flags = {'no-writes'}}
redis.register_function{
  function_name = 'luot_v1_standings', callback = standings, flags = {'no-writes'}}
redis.register_function{
  function_name = 'luot_v1_presence', callback = presence, flags = {'no-writes'}}
redis.register_function{
  function_name = 'luot_v1_trending', callback = trending, flags = {'no-writes'}}
redis.register_function{function_name = 'luot_v1_numbers', callback = numbers, flags = {'no-writes'}}
redis.register_function{function_name = 'luot_v1_seen', callback = seen, flags = {'no-writes'}}
