[playlist]
File1=/Users/ines/Music/Low Water/03 Salt.mp3
Title1=Inès Quay - Salt & Rope
Length1=201
File3=http://radio.example/stream
Length3=-1
File2=The Moorings/Low Water/04 Lantern.mp3
NumberOfEntries=3
Version=2
