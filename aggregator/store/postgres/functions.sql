-- Functions of SQLite that the queries of the store call, made for PostgreSQL: each gives what SQLite's gives
-- (https://sqlite.org/lang_corefunc.html, https://sqlite.org/json1.html). They are in the schema of the wire.

CREATE FUNCTION json_each(of text) RETURNS TABLE (key text, value text) LANGUAGE sql IMMUTABLE AS $$
  SELECT (place - 1)::text, item FROM jsonb_array_elements_text(of::jsonb) WITH ORDINALITY AS each (item, place)
  WHERE jsonb_typeof(of::jsonb) = 'array'
  UNION ALL
  SELECT each.key, each.value FROM jsonb_each_text(CASE jsonb_typeof(of::jsonb) WHEN 'object' THEN of::jsonb END) AS each
$$;
CREATE FUNCTION json_extract(of text, path text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE found WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE found #>> '{}' END
  FROM jsonb_path_query_first(of::jsonb, path::jsonpath) AS found
$$;
CREATE FUNCTION json_array_length(of text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_array_length(of::jsonb)::bigint
$$;
CREATE FUNCTION instr(of text, part text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT strpos(of, part) $$;
CREATE FUNCTION hex(of bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(encode(of, 'hex')) $$;
CREATE FUNCTION max(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a, b) END
$$;
CREATE FUNCTION max(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a COLLATE "C", b COLLATE "C") END
$$;
CREATE FUNCTION min(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a, b) END
$$;
CREATE FUNCTION min(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a COLLATE "C", b COLLATE "C") END
$$;
CREATE FUNCTION add_truth(so_far bigint, is_so boolean) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN is_so IS NULL THEN so_far ELSE coalesce(so_far, 0) + is_so::integer END
$$;
CREATE AGGREGATE sum(boolean) (SFUNC = add_truth, STYPE = bigint);
CREATE FUNCTION json_text(of text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT to_json(of)::text $$;
CREATE AGGREGATE json_group_array(text) (SFUNC = array_append, STYPE = text[], INITCOND = '{}', FINALFUNC = json_text);
-- What `postgres.values` reads as the words.
CREATE TYPE packed_words AS (raw bytea, dictionary_id bigint);
CREATE FUNCTION raw_words(raw bytea, dictionary_id bigint) RETURNS packed_words LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN raw IS NOT NULL THEN ROW(raw, dictionary_id)::packed_words END
$$;
-- In SQLite a hint for its planner; here a flag as a condition.
CREATE FUNCTION likely(flag bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT flag = 1 $$;
