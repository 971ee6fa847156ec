// ChargerDriver
