"""The machines: is all well with them, before anything is spent?"""
