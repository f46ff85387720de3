"""The desk in a browser: who may enter, what needs a person, and the acts, each the same function as its command's."""
