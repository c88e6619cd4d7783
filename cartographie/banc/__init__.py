"""The bench of `manage.py banc`: what is measured, beside a limit taken in the same run and in turns with it.

An absolute time says more about the machine, and who else uses it, than about the code: only ratios are compared.
"""
