-- Every text has at least one word.
select text from toy_words where words = 0
