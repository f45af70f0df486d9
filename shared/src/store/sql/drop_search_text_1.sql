-- Empties the index at once, if the generation is one of its own.
INSERT INTO view_search_text_1 (view_search_text_1)
SELECT 'delete-all'
WHERE ?1 % 2 = 1
