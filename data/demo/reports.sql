-- How many reports the wire carries of each publisher, and how much of them.
SELECT publisher_name AS publisher, country, count(*) AS reports, min(text_scope) AS text
FROM wire
GROUP BY publisher
ORDER BY reports DESC, publisher
LIMIT 6
