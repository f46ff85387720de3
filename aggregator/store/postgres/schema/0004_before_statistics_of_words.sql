-- How often a word stands in reports is known of the 10,000 most frequent words, in the place of 1,000. Of the others the
-- planner takes half of the least: where that was too many, it looked for the newest reports with a rare word by reading
-- one report after the other.
ALTER TABLE article_search ALTER COLUMN words SET STATISTICS 1000;
