"""OpenSubsonic under /rest: for the players that speak it. Specification: https://opensubsonic.netlify.app"""
