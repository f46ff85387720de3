-- Functions of SQLite that the queries of the store call, made for PostgreSQL: each gives what SQLite's gives
-- (https://sqlite.org/lang_corefunc.html, https://sqlite.org/json1.html), but for numbers in JSON, which are texts here:
-- CAST(... AS INTEGER) makes them numbers in both. They are code, as the views are: each version that has
-- others puts them in place anew.

CREATE OR REPLACE FUNCTION json_steps(path text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$  -- of '$.a.b[0]'
  SELECT array_remove(regexp_split_to_array(substr(path, 2), '[].[]+'), '')
$$;
-- U+0000 is in no text of PostgreSQL, so U+FFFD is in its place: as in all that this program stores (values.py).
CREATE OR REPLACE FUNCTION json_clean(of text) RETURNS json LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(of, '\u0000', '\ufffd')::json
$$;
-- Arrays, which the planner has at hand where the JSON is a parameter: then it knows how many rows `json_each` returns.
CREATE OR REPLACE FUNCTION json_keys(of json) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE json_typeof(of)
    WHEN 'array' THEN ARRAY(SELECT (place - 1)::text FROM generate_series(1, json_array_length(of)) AS place)
    WHEN 'object' THEN ARRAY(SELECT key FROM json_each_text(of)) ELSE ARRAY[NULL::text] END
$$;
CREATE OR REPLACE FUNCTION json_values(of json) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE json_typeof(of)
    WHEN 'array' THEN ARRAY(SELECT json_array_elements_text(of))
    WHEN 'object' THEN ARRAY(SELECT value FROM json_each_text(of)) ELSE ARRAY[of #>> '{}'] END
$$;
CREATE OR REPLACE FUNCTION json_items(of json) RETURNS SETOF json_item LANGUAGE sql IMMUTABLE AS $$
  SELECT key, value FROM unnest(json_keys(of), json_values(of)) AS each (key, value) WHERE of IS NOT NULL
$$;
CREATE OR REPLACE FUNCTION json_each(of text) RETURNS SETOF json_item LANGUAGE sql IMMUTABLE AS $$
  SELECT key, value FROM json_items(json_clean(of))
$$;
CREATE OR REPLACE FUNCTION json_each(of text, path text) RETURNS SETOF json_item LANGUAGE sql IMMUTABLE AS $$
  SELECT key, value FROM json_items(json_clean(of) #> json_steps(path))
$$;
CREATE OR REPLACE FUNCTION json_extract(of text, path text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE json_typeof(found) WHEN 'boolean' THEN found::text::boolean::integer::text ELSE found #>> '{}' END
  FROM (SELECT json_clean(of) #> json_steps(path)) AS at (found)
$$;
CREATE OR REPLACE FUNCTION json_array_length(of text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN json_typeof(of::json) = 'array' THEN json_array_length(of::json) WHEN of IS NOT NULL THEN 0 END::bigint
$$;
CREATE OR REPLACE FUNCTION "json"(of text) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT of::json $$;
CREATE OR REPLACE FUNCTION "json_array"(a text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT json_build_array(a)::text
$$;
CREATE OR REPLACE FUNCTION "json_array"(a anycompatible, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT json_build_array(a, b)::text
$$;
CREATE OR REPLACE FUNCTION json_text(of json[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '[' || coalesce(string_agg(coalesce(item::text, 'null'), ',' ORDER BY place), '') || ']'
  FROM unnest(of) WITH ORDINALITY AS each (item, place)
$$;
CREATE OR REPLACE FUNCTION json_append(so_far json[], item json) RETURNS json[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_append(so_far, item)
$$;
CREATE OR REPLACE FUNCTION json_append(so_far json[], item anynonarray) RETURNS json[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_append(so_far, to_json(item))
$$;
CREATE OR REPLACE AGGREGATE json_group_array(json)
  (SFUNC = json_append, STYPE = json[], INITCOND = '{}', FINALFUNC = json_text);
CREATE OR REPLACE AGGREGATE json_group_array(text)
  (SFUNC = json_append, STYPE = json[], INITCOND = '{}', FINALFUNC = json_text);
CREATE OR REPLACE AGGREGATE json_group_array(bigint)
  (SFUNC = json_append, STYPE = json[], INITCOND = '{}', FINALFUNC = json_text);
CREATE OR REPLACE FUNCTION json_add(so_far text, key text, value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT so_far || CASE so_far WHEN '' THEN '' ELSE ',' END || to_json(key) || ':'
    || coalesce(to_json(value)::text, 'null')
$$;
CREATE OR REPLACE FUNCTION json_add(so_far text, key text, value bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT so_far || CASE so_far WHEN '' THEN '' ELSE ',' END || to_json(key) || ':'
    || coalesce(to_json(value)::text, 'null')
$$;
CREATE OR REPLACE FUNCTION json_closed(of text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '{' || of || '}' $$;
CREATE OR REPLACE AGGREGATE json_group_object(text, text)
  (SFUNC = json_add, STYPE = text, INITCOND = '', FINALFUNC = json_closed);
CREATE OR REPLACE AGGREGATE json_group_object(text, bigint)
  (SFUNC = json_add, STYPE = text, INITCOND = '', FINALFUNC = json_closed);

CREATE OR REPLACE FUNCTION concat_next(so_far text, item text, separator text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN item IS NULL THEN so_far ELSE coalesce(so_far || separator, '') || item END
$$;
CREATE OR REPLACE FUNCTION concat_next(so_far text, item text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_next(so_far, item, ',')
$$;
CREATE OR REPLACE AGGREGATE group_concat(text) (SFUNC = concat_next, STYPE = text);
CREATE OR REPLACE AGGREGATE group_concat(text, text) (SFUNC = concat_next, STYPE = text);
CREATE OR REPLACE FUNCTION add_truth(so_far bigint, is_so boolean) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN is_so IS NULL THEN so_far ELSE coalesce(so_far, 0) + is_so::integer END
$$;
CREATE OR REPLACE AGGREGATE sum(boolean) (SFUNC = add_truth, STYPE = bigint);

CREATE OR REPLACE FUNCTION instr(of text, part text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT strpos(of, part)
$$;
CREATE OR REPLACE FUNCTION hex(of bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(encode(of, 'hex')) $$;
CREATE OR REPLACE FUNCTION max(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a, b) END
$$;
CREATE OR REPLACE FUNCTION max(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a COLLATE "C", b COLLATE "C") END
$$;
CREATE OR REPLACE FUNCTION min(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a, b) END
$$;
CREATE OR REPLACE FUNCTION min(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a COLLATE "C", b COLLATE "C") END
$$;
-- Of the formats there is one: '%Y-%m-%dT%H:%M:%SZ'. NULL: the time cannot be read.
CREATE OR REPLACE FUNCTION strftime(format text, at text, change text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN at ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d' AND format = '%Y-%m-%dT%H:%M:%SZ'
    THEN to_char((at::timestamptz + change::interval) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END
$$;

-- In SQLite a hint for its planner; here a flag as a condition.
CREATE OR REPLACE FUNCTION likely(flag bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT flag = 1 $$;

-- Functions of the program: what they are called with, which it does when it reads such a row (values.py).
CREATE OR REPLACE FUNCTION raw_words(raw bytea, dictionary_id bigint) RETURNS called_raw_words LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN raw IS NOT NULL THEN ROW(raw, dictionary_id)::called_raw_words END
$$;
CREATE OR REPLACE FUNCTION fold(of text) RETURNS called_fold LANGUAGE sql IMMUTABLE AS $$ SELECT ROW(of)::called_fold $$;
CREATE OR REPLACE FUNCTION opening(of text) RETURNS called_opening LANGUAGE sql IMMUTABLE AS $$ SELECT ROW(of)::called_opening $$;
