"""Templates of other projects under livets: are the pages right, and how much of them is slots?"""
