"""The one kind of error that users are meant to read."""


class UserError(Exception):
    """Something the user can put right. The message names the thing and the way out, in one or two sentences.

    The command line prints it without a traceback and exits with status 1.
    """
