"""Imports Ailtire applications, whose services files are JavaScript."""
