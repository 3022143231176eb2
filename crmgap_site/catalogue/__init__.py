"""The message catalogues: which texts the sources mark for translation, and the .po and .mo files that hold them.

Written in Python alone, so that neither the product nor its tests need the gettext programs.
"""
