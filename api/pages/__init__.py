"""The search pages of ``wirewatch serve``, for the machine without Kibana: forms and links alone, no script.

:mod:`api.pages.routes` answers, :mod:`api.pages.address` is what an address asks for, and the templates stand beside.
"""
