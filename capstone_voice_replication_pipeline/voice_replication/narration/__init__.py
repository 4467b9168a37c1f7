"""Reading aloud: lines of a text, their audio and times, streams, sound files, whole books."""
