using OpenLTS;

namespace BarcodeReading
{
    /// <summary>How to reach the License Tracking Server, and what to ask of it. Made by
    /// <see cref="BarcodeReader.InitLTSConnectionParameters"/>, with everything at its default.</summary>
    public sealed class DMLTSConnectionParameters
    {
        internal DMLTSConnectionParameters(ConnectionParameters defaults)
        {
            MainServerURL = defaults.MainServerURL;
            DeploymentType = defaults.DeploymentType;
            ChargeWay = defaults.ChargeWay;
            UUIDGenerationMethod = defaults.UUIDGenerationMethod;
            MaxBufferDays = defaults.MaxBufferDays;
            MaxConcurrentInstanceCount = defaults.MaxConcurrentInstanceCount;
            Products = defaults.Products;
        }

        /// <summary>http(s)://host[:port][/path]; by default the server the vendor hosts.</summary>
        public string MainServerURL { get; set; }

        /// <summary>Asked if the main server can't be reached.</summary>
        public string StandbyServerURL { get; set; }

        /// <summary>The handshake code; or <see cref="OrganizationID"/>, or both.</summary>
        public string HandshakeCode { get; set; }

        /// <summary>If the handshake code is protected by one.</summary>
        public string SessionPassword { get; set; }

        /// <summary>Alone: the organization's default handshake code is used.</summary>
        public string OrganizationID { get; set; }

        /// <summary>Desktop by default.</summary>
        public DeploymentType DeploymentType { get; set; }

        /// <summary>Auto by default.</summary>
        public ChargeWay ChargeWay { get; set; }

        /// <summary>Random by default.</summary>
        public UUIDGenerationMethod UUIDGenerationMethod { get; set; }

        /// <summary>Days the license may be used without the server; 7 or more; 7.</summary>
        public int MaxBufferDays { get; set; }

        /// <summary>null for all.</summary>
        public LicenseModule[] LimitedLicenseModules { get; set; }

        /// <summary>1 or more; 1.</summary>
        public int MaxConcurrentInstanceCount { get; set; }

        /// <summary>May be combined.</summary>
        public Product Products { get; set; }

        /// <summary>Puts what the SDK's user may decide into the parameters of the license
        /// library.</summary>
        internal void CopyTo(ConnectionParameters parameters)
        {
            parameters.MainServerURL = MainServerURL;
            parameters.StandbyServerURL = StandbyServerURL;
            parameters.HandshakeCode = HandshakeCode;
            parameters.SessionPassword = SessionPassword;
            parameters.OrganizationID = OrganizationID;
            parameters.DeploymentType = DeploymentType;
            parameters.ChargeWay = ChargeWay;
            parameters.UUIDGenerationMethod = UUIDGenerationMethod;
            parameters.MaxBufferDays = MaxBufferDays;
            parameters.LimitedLicenseModules = LimitedLicenseModules;
            parameters.MaxConcurrentInstanceCount = MaxConcurrentInstanceCount;
            parameters.Products = Products;
        }
    }
}
