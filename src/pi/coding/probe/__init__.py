"""What a server speaks, found out by asking it.

`address` reads the URL, `listing` asks which models there are, `questions` is what is asked on each
wire and `judge` what an answer means; `course` runs it all. `entry` makes of it what belongs into
`models.json`, `edit` puts that into the file's text and `save` writes the file.
"""
